"""Write the statements that `sources.py` makes of the tables into `statements.py`: run it when either changes.

python tests/unit/store/write_statements.py
"""

from __future__ import annotations

import textwrap
from pathlib import Path

from trackbook.store.sql import compiled, sources

HEADER = '''"""The statements that `sources` makes of the tables, compiled: nobody waits for SQLAlchemy's import.

Written by ``python tests/unit/store/write_statements.py``, never by hand.
"""

from __future__ import annotations

from trackbook.store.sql.compiled import Change, Question

'''


def written() -> dict[str, object]:
    """Return what the module holds, by name."""
    kinds = (compiled.Change, compiled.Question, dict, tuple, str)
    return {name: value for name, value in vars(sources).items() if name.isupper() and isinstance(value, kinds)}


def _text(text: str) -> str:
    lines = textwrap.wrap(" ".join(text.split()), 104, break_long_words=False) or [""]
    parts = [repr(line + " ") for line in lines[:-1]] + [repr(lines[-1])]
    return "(" + "\n".join(parts) + ")" if len(parts) > 1 else parts[0]


def code_of(value: object) -> str:
    """Return the code of a statement, or of several."""
    if isinstance(value, compiled.Change):
        return f"Change({_text(value.sql)}, {_text(' '.join(value.names))})"
    if isinstance(value, compiled.Question):
        given = f", {value.given!r}" if value.given else ""
        return f"Question({_text(value.sql)}, {_text(' '.join(value.columns))}, {value.texts!r}{given})"
    if isinstance(value, dict):
        return "{" + "".join(f"{key!r}: {code_of(each)},\n" for key, each in value.items()) + "}"
    if isinstance(value, tuple):
        return "(" + "".join(f"{code_of(each)},\n" for each in value) + ")"
    return _text(str(value))


def main() -> None:
    """Write the module."""
    code = HEADER + "".join(f"{name} = {code_of(value)}\n" for name, value in written().items())
    Path(sources.__file__).with_name("statements.py").write_text(code)


if __name__ == "__main__":
    main()
