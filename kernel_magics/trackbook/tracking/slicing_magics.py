"""What the lines of IPython's dialect mean to a slice: which are kept, and which are left to the person."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import PurePath

from trackbook.lineage.slice import hidden_key
from trackbook.lineage.slicing_effects import PLOTS
from trackbook.records import Execution

_LINE = re.compile(r"^\s*(?:[\w.,\s]*=\s*)?(?P<sigil>%%|%|!!|!)(?P<name>[\w.]*)[ \t]*(?P<rest>.*)", re.DOTALL)
_INSTALLS = re.compile(
    r"^\s*(?:[\w.,\s]*=\s*)?[%!]+\s*(?:\S*python\S*\s+-m\s+)?"
    r"(?:pip|pip3|uv|conda|mamba|micromamba|apt|apt-get|sudo apt\S*)\b"
    r".*\b(?:install|add|sync|update|upgrade|uninstall)\b"
)
_TOOL = re.compile(r"^\s*%(?:re|un)?load_ext\s+trackbook\b|^\s*%%?track\b")
_RECORDING = re.compile(r"^\s*%%?track\s+(?:start|stop|param|metric|data|model|artifact|on|off)\b|^\s*%%track\b")
_RESTORING = re.compile(r"^\s*%track\s+restore\b")
_RESTORING_NAMES = re.compile(r"^\s*%track\s+restore\s+(?!-)\S+\s+(?:--force\s+)?[A-Za-z_]")
_SHOWING_TEXT = """
alsc autosave colors conda config_help debug dhist dirs doctest_mode hist history less ls lsmagic magic more notebook
page pdb pdef pdoc pfile pinfo pinfo2 pip pprint precision prun psource psearch pwd pycat quickref recall rerun tb
time_it timeit unload_ext who who_ls whos xmode lprun memit mprun tensorboard autosave cat man lf lk ll
reset reset_selective xdel rehashx
"""
_SHOWING = frozenset(_SHOWING_TEXT.split())
_SHELL_SHOWING_TEXT = """
ls cat head tail wc du df free pwd echo nvidia-smi which whoami uname date python python3 lscpu top ps tree file nproc
java gcc node jupyter
"""
_SHELL_SHOWING = frozenset(_SHELL_SHOWING_TEXT.split())
_RUNS_CODE = frozenset({"time", "timeit", "prun", "capture", "track", "memit", "lprun", "mprun", "snakeviz"})
_NO_PYTHON = frozenset({"html", "HTML", "javascript", "js", "latex", "markdown", "svg", "SVG"})


@dataclass(frozen=True, slots=True, kw_only=True)
class MagicEffects:
    """What a magic's line does; see `lineage.slice`.

    `is_dropped`: it never is in a slice. `is_known`: it runs no code that nobody sees.
    """

    is_lasting: bool = False
    is_dropped: bool = False
    is_known: bool = False
    reads: frozenset[str] = field(default_factory=frozenset)
    changes: frozenset[str] = field(default_factory=frozenset)


_NONE = MagicEffects()


def is_install(text: str) -> bool:
    """Return whether a part's text installs packages."""
    return _INSTALLS.match(text) is not None


def needs_tool(text: str) -> bool:
    """Return whether a part records, or brings something back, by a magic of Trackbook's."""
    return _RECORDING.match(text) is not None or _RESTORING.match(text) is not None


def magic_effects(text: str, execution: Execution, run_ids: Collection[str]) -> MagicEffects:
    """Return what a part does beside names, if it is a magic's or a shell's line, or a cell with a magic on top.

    Parameters
    ----------
    run_ids
        The runs of the slice: lines that start, stop and describe others are left out.
    """
    code = "\n".join(line for line in text.split("\n") if not line.lstrip().startswith("#")).lstrip()
    found = _LINE.match(code)
    if found is None:
        return _NONE
    if _INSTALLS.match(code):
        return MagicEffects(is_dropped=True, is_known=True)
    if _RESTORING.match(code):
        return MagicEffects(is_known=_RESTORING_NAMES.match(code) is not None)
    if _TOOL.match(code):
        is_recording = _RECORDING.match(code) is not None and not set(run_ids).isdisjoint(execution.run_ids)
        return MagicEffects(is_lasting=is_recording, is_dropped=not is_recording, is_known=not code.startswith("%%"))
    if found["sigil"].startswith("!") or found["name"] in ("sx", "system", "bash", "sh", "script", "cmd"):
        return _shell(found["name"] if found["sigil"].startswith("!") else "", found["rest"])
    return _magic(found["sigil"], found["name"], found["rest"])


def _shell(command: str, rest: str) -> MagicEffects:
    keys = _file_keys(rest)
    is_showing = command in _SHELL_SHOWING and not re.search(r"[>|&;]", rest)
    return MagicEffects(
        is_lasting=not is_showing, is_known=True, reads=keys, changes=frozenset() if is_showing else keys
    )


def _magic(sigil: str, name: str, rest: str) -> MagicEffects:
    if name in _RUNS_CODE:
        return _NONE
    if name in ("matplotlib", "config") and (name == "matplotlib" or "InlineBackend" in rest):
        return MagicEffects(changes=frozenset({PLOTS}), is_known=True)
    if name in _SHOWING or name in _NO_PYTHON:
        return MagicEffects(is_known=True)
    if name in ("writefile", "file"):
        return MagicEffects(is_known=True, changes=_file_keys(rest.split("\n")[0]))
    if name == "run":
        return MagicEffects(is_known="-i" not in rest.split(), reads=_file_keys(rest), is_lasting=True)
    return MagicEffects(is_lasting=True, is_known=sigil == "%" and name in ("pylab", "store"))


def _file_keys(text: str) -> frozenset[str]:
    words = re.findall(r"[\w./\\~-]+\.\w+|[\w.-]+/[\w./-]*", text)
    return frozenset(hidden_key(f"file {PurePath(word).name}") for word in words)
