"""IPython's dialect to Python: magics, shell lines and help become calls that the symbol analysis understands.

Every line keeps its number, so that an error, a statement or a slice points at what the person wrote. IPython's own
transformers are not used: they turn a magic into ``get_ipython().run_line_magic("time", "x = f()")``, which hides
the code inside it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import ClassVar

from trackbook.capture.quiet import quiet

HARMLESS = "__trackbook_magic__"
"""Stands for a magic or shell line that leaves the namespace alone; its arguments are what it interpolates."""
OPAQUE = "__trackbook_opaque__"
"""Stands for a magic that may do anything to the namespace."""
LOCAL = "__trackbook_local__"
"""A function of this name stands for code that `%timeit` runs in a scope of its own."""

_CODE_MAGICS = frozenset({"time", "prun", "capture", "track", "snakeviz", "lprun", "mprun", "memray_flamegraph"})
_LOCAL_MAGICS = frozenset({"timeit", "memit"})
_NO_PYTHON_TEXT = """
bash sh script sx system cmd html HTML javascript js latex markdown svg SVG perl ruby writefile file python python2
python3 pypy
"""
_HARMLESS_TEXT = """
alias alias_magic autoawait autocall automagic autoreload aimport bookmark cat cd clear code_wrap colors conda config
connect_info cp dhist dirs doctest_mode ed env gui hist history killbgscripts ldir less lf lk ll load_ext logoff logon
logstart logstate logstop ls lsmagic lx magic mamba man matplotlib micromamba mkdir more mv notebook page pastebin pdb
pdef pdoc pfile pinfo pinfo2 pip popd pprint precision profile psearch psource pushd pwd pycat qtconsole quickref recall
rehashx reload_ext rep rm rmdir save sc set_env subshell sx system tb track uv unalias unload_ext who who_ls whos xmode
writefile file html javascript js latex markdown svg
"""
_NO_PYTHON = frozenset(_NO_PYTHON_TEXT.split())
_HARMLESS_MAGICS = frozenset(_HARMLESS_TEXT.split())
_AUTOMAGIC = re.compile(
    r"(?P<name>pip|conda|mamba|uv|cd|ls|mkdir|rm|cp|mv|cat|run|load_ext|matplotlib)\s+(?P<rest>[-\w./~'\"].*)"
)
_CELL_MAGIC = re.compile(r"%%(?P<name>[\w.]+)[ \t]*(?P<rest>.*)")
_ASSIGNED = re.compile(r"(?P<target>[^\W\d][\w.,\s]*(?:\[[^=\]]*\])?\s*=\s*)(?P<sigil>%|!)(?P<rest>.*)")
_HELP = re.compile(r"(\?{1,2}\s*[%\w.*\[\]'\"]+|[%\w][\w.*\[\]'\"%()]*\s*\?{1,2})\s*;?\s*")
_INTERPOLATED = re.compile(r"\{(?P<expression>[^{}]+)\}|\$\$?(?P<name>[^\W\d]\w*(?:\.\w+)*)")
_OPTION = re.compile(r"--?[A-Za-z][\w-]*(?:=\S+)?\s*")
_OPTIONS_WITH_VALUE = {"timeit": "nrp", "prun": "lsTD", "memit": "rti", "lprun": "fmDTu"}
_RESTORE = re.compile(r"restore\s+(?!-)\S+(?P<names>.*)")
_PASTED = (">>>", "In [", "\r")  # what may be in a pasted session; ``In [1]: x`` is valid Python
_PROMPT = re.compile(r"(?:>>>|\.\.\.)(?: |$)|\s*(?:In \[\d+\]:|\s*\.{3,}:) ?")


def parse_cell(source: str) -> ast.Module:
    """Parse a cell as IPython would read it; the nodes carry the line numbers of `source`.

    The code inside `%time`, `%timeit`, `%%capture` and the like is analysed as code; shell lines, help and magics that
    leave the namespace alone become calls of `HARMLESS`, others calls of `OPAQUE`. Top-level ``await`` is allowed.

    Raises
    ------
    SyntaxError
        As Python would, with the line in `source`.
    """
    with quiet():  # an invalid escape is warned about by IPython's own parse of the cell
        if not _may_be_pasted(source):
            try:
                return ast.parse(source)  # most cells are plain Python, and no line in IPython's dialect is that too
            except SyntaxError:
                pass
        return ast.parse("\n".join(_as_python(_undecorated(_lines(source)))))


def magic_lines(source: str) -> list[str]:
    """Return the lines of a cell in IPython's dialect, and those beneath a cell magic; none of plain Python."""
    with quiet():
        if not _may_be_pasted(source) and _parses(source):
            return []
        lines = _undecorated(_lines(source))
        return [line for line, python in zip(lines, _as_python(lines), strict=False) if line != python]


def _may_be_pasted(source: str) -> bool:
    """Tell whether there may be prompts or other systems' line ends in it."""
    for mark in _PASTED:  # noqa: SIM110  a generator would take longer than the searches
        if mark in source:
            return True
    return False


def _lines(source: str) -> list[str]:
    return source.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _undecorated(lines: list[str]) -> list[str]:
    """Without the prompts of a pasted session and without the indentation of the first line."""
    first = next((line for line in lines if line.strip()), "")
    if _PROMPT.match(first):
        return [_PROMPT.sub("", line, count=1) if _PROMPT.match(line) else line for line in lines]
    indent = first[: len(first) - len(first.lstrip())]
    return [line.removeprefix(indent) for line in lines] if indent else lines


def _as_python(lines: list[str]) -> list[str]:
    start = next((n for n, line in enumerate(lines) if line.strip()), len(lines))
    found = _CELL_MAGIC.fullmatch(lines[start]) if start < len(lines) else None
    if found is None:
        return list(_statements(lines))
    head = lines[:start]
    name, rest, body = found["name"], found["rest"].strip(), lines[start + 1 :]
    if name in _CODE_MAGICS:
        return [*head, _capture_target(name, rest), *_as_python(body)]
    if name in _LOCAL_MAGICS:
        return [*head, *_as_local(_without_options(name, rest), _as_python(body))]
    marker = HARMLESS if name in _NO_PYTHON else OPAQUE
    blanks = [""] * len(body)
    return [*head, _script_targets(rest) + _call(marker, rest if name in _NO_PYTHON else "\n".join(lines)), *blanks]


def _capture_target(name: str, rest: str) -> str:
    """`%%capture out` binds `out`."""
    word = rest.split()[0] if rest else ""
    return f"{word} = {HARMLESS}()" if name == "capture" and word.isidentifier() else ""


def _script_targets(rest: str) -> str:
    """`%%bash --out lines --err errors` binds both."""
    return "".join(f"{name} = " for name in re.findall(r"--(?:out|err|proc)[ =](\w+)", rest) if name.isidentifier())


def _as_local(setup: str, body: list[str]) -> list[str]:
    """A function around `body` that starts on the magic's line, so that the statements keep theirs."""
    if any(line.strip() for line in body):
        return [f"def {LOCAL}({_default(setup)}):", *(f" {line}" for line in body), " pass"]
    return [_one_line(setup), *body]


def _default(setup: str) -> str:
    """The set-up code of `%%timeit` as a default value, where it is an expression that names can be read from."""
    if not setup or not _parses(setup):
        return ""
    found = [node for node in ast.walk(ast.parse(setup)) if isinstance(node, ast.Name)]
    names = sorted({node.id for node in found} - {node.id for node in found if isinstance(node.ctx, ast.Store)})
    return f"_={HARMLESS}({', '.join(names)})"


def _one_line(code: str) -> str:
    wrapped = f"def {LOCAL}(): {code}"
    return wrapped if _parses(wrapped) else _call(OPAQUE, code) if code else ""


def _statements(lines: list[str]) -> Iterator[str]:
    """Line by line; only where a statement starts can there be a magic."""
    scanner = _Scanner()
    rest = iter(lines)
    for line in rest:
        joined = [line]
        if scanner.is_start and _is_special(line):
            while joined[-1].endswith("\\") and (following := next(rest, None)) is not None:
                joined.append(following)
            yield _translated(" ".join(part.removesuffix("\\") for part in joined))
            yield from [""] * (len(joined) - 1)
            continue
        scanner.feed(line)
        yield line


def _is_special(line: str) -> bool:
    text = line.strip()
    if not text or text[0] in "#@":
        return False
    if text[0] in "%!?" or text[0] in ",;/" or (text.rstrip(" ;").endswith("?") and _HELP.fullmatch(text) is not None):
        return True
    if _ASSIGNED.fullmatch(text) is not None:
        return True
    return _AUTOMAGIC.fullmatch(text) is not None and not _parses(text)


def _translated(line: str) -> str:
    text = line.lstrip()
    indent = line[: len(line) - len(text)]
    if _HELP.fullmatch(text):
        return f"{indent}{HARMLESS}()"
    if assigned := _ASSIGNED.fullmatch(text):
        return indent + assigned["target"] + _value(assigned["sigil"], assigned["rest"])
    if automagic := _AUTOMAGIC.fullmatch(text):
        return indent + _value("%", f"{automagic['name']} {automagic['rest']}")
    return indent + _value(text[0], text[1:])


def _value(sigil: str, rest: str) -> str:
    """What stands for `%rest` or `!rest`."""
    if sigil == "!":
        return _call(HARMLESS, rest)
    if sigil != "%":
        return _call(OPAQUE, rest)
    name, _, argument = rest.strip().partition(" ")
    if name == "track" and (restored := _RESTORE.match(argument.strip())) is not None:
        return _restored_targets(restored["names"])
    code = _without_options(name, argument.strip())
    if name in _LOCAL_MAGICS:
        return _one_line(code) or _call(HARMLESS, "")
    if name in _CODE_MAGICS - {"track"} and code:
        return code if _parses(code) else _call(OPAQUE, code)
    return _call(HARMLESS if name in _HARMLESS_MAGICS | _CODE_MAGICS else OPAQUE, argument)


def _restored_targets(text: str) -> str:
    """`%track restore RUN a b` binds `a` and `b`; without names it binds what the run had."""
    names = [word.strip("'\"") for word in re.sub(r"--trust[ =]\S+|--?\w+", "", text).split()]
    if not names:
        return _call(OPAQUE, "")
    return "".join(f"{name} = " for name in names if name.isidentifier()) + _call(HARMLESS, "")


def _without_options(name: str, text: str) -> str:
    """Strip the leading options of a magic that runs code."""
    with_value = _OPTIONS_WITH_VALUE.get(name, "")
    while (option := _OPTION.match(text)) and not text.startswith("--="):
        flag = option[0].strip()
        text = text[option.end() :]
        if len(flag) == 2 and flag[1] in with_value:
            text = text.partition(" ")[2].lstrip()
    return text


def _call(marker: str, text: str) -> str:
    """A call of `marker` with what `text` interpolates: ``{expression}`` and ``$name``."""
    found = (match["expression"] or match["name"] for match in _INTERPOLATED.finditer(text))
    arguments = [f"({expression.strip()})" for expression in found if _is_expression(expression.strip())]
    return f"{marker}({', '.join(arguments)})"


def _is_expression(text: str) -> bool:
    with quiet():
        try:
            ast.parse(text, mode="eval")
        except (SyntaxError, ValueError):
            return False
    return "\n" not in text


def _parses(text: str) -> bool:
    with quiet():
        try:
            ast.parse(text)
        except (SyntaxError, ValueError):
            return False
    return True


class _Scanner:
    """Knows, between two lines, whether the next one starts a statement: no open bracket, string or continuation."""

    _TOKEN = re.compile(r"'''|\"\"\"|'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"|#.*|[\[({]|[\])}]|\\$")
    _CLOSING: ClassVar = {quotes: re.compile(rf"(?:[^\\]|\\.|\\$)*?{quotes}") for quotes in ("'''", '"""')}

    def __init__(self) -> None:
        self._quotes = ""
        self._depth = 0
        self._is_continued = False

    @property
    def is_start(self) -> bool:
        return not (self._quotes or self._depth or self._is_continued)

    def feed(self, line: str) -> None:
        """Read one line, without its end."""
        self._is_continued = False
        position = 0
        while (token := (self._CLOSING.get(self._quotes) or self._TOKEN).search(line, position)) is not None:
            position = token.end()
            self._take("" if self._quotes else token[0])

    def _take(self, token: str) -> None:
        self._quotes = token if token in self._CLOSING else ""
        if token and token in "[({":
            self._depth += 1
        elif token and token in "])}":
            self._depth = max(self._depth - 1, 0)
        elif token == "\\":
            self._is_continued = True
