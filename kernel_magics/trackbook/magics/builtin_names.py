"""Keeps builtins at hand for the hooks, which IPython would have Python look up anew with each cell.

Python remembers where a function found a global name until a name is added to the same dictionary. IPython adds some to
``builtins`` before each cell and takes them away again, so nothing that is remembered of it outlives a cell: a `len` in
a hook is searched for in two dictionaries, a few hundred times a cell, which is a twentieth of all that a hook does.
What a module has itself is remembered for good.
"""

from __future__ import annotations

import builtins
import sys
from itertools import islice

_NAMES = """
all any bool bytes callable dict enumerate filter float frozenset getattr hasattr hash id int isinstance issubclass iter
len list map max min next object range repr reversed set sorted str sum tuple type zip
AttributeError BaseException Exception FileNotFoundError KeyError OSError OverflowError RecursionError SyntaxError
TypeError ValueError
"""
_USED = {name: getattr(builtins, name) for name in _NAMES.split()}

_HOT = tuple(f"trackbook.{part}" for part in ("capture", "lineage", "magics", "records", "store", "tracking"))
"""Where cells go through; `trackbook` itself and what people look into is left as it is."""


_had = 0
"""How many modules there were the last time; those that came since are the last of `sys.modules`."""


def keep_builtins_at_hand() -> None:
    """Give the modules that are loaded by now, of those that cells go through, the builtins as names of their own."""
    global _had
    count = len(sys.modules)
    for name in list(islice(reversed(sys.modules), max(0, count - _had))):
        module = sys.modules.get(name)
        if module is not None and name.startswith(_HOT):
            names = vars(module)
            for builtin, value in _USED.items():
                names.setdefault(builtin, value)
    _had = count
