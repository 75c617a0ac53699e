"""Files between cells: which statements wrote the file that another one reads.

No write is watched. A file that is read says itself when it was written last; the cell that ran at that moment wrote
it, if its code names the file or looks as if it wrote one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from trackbook.capture.tables import read_file
from trackbook.records import FileRead, RunDetail, Source, Statement, file_key, is_file_key

_WRITING = re.compile(
    r"\.to_(?:csv|parquet|excel|json|feather|pickle|hdf|stata|sql|html|markdown|latex|orc|xml|file|netcdf|zarr)\b"
    r"|\b\w*(?:write|dump|save|export|store|download|retrieve|extract|unpack|copy|move|rename)\w*\s*\("
    r"|\bopen\s*\(|^\s*(?:!|%%writefile|%%bash|%%sh)",
    re.IGNORECASE | re.MULTILINE,
)
_FILE_NAME = re.compile(r"""["'][^"'\n]*\.\w{1,8}["']""")
_SLACK_SECONDS = 0.02  # what a file system's clock may be behind
_MOST_FILES = 300
"""Of more files than these, in one statement or in a session, nobody is asked."""


@dataclass(slots=True)  # not frozen: one is made in the hook of each cell
class Ended:
    """A cell that has ended; `started` and `ended` are in seconds since 1970."""

    execution_id: str
    source: str
    statements: Sequence[Statement]
    started: float
    ended: float

    def has(self, moment: float) -> bool:
        """Return whether a file that was written at a moment may have been written by this cell."""
        return self.started - _SLACK_SECONDS <= moment <= self.ended + _SLACK_SECONDS


class Files:
    """The files that the cells of a session read, and the cells that may have written some."""

    def __init__(self) -> None:
        self._writing: list[Ended] = []
        self._read: dict[str, None] = {}
        self._code: dict[Source, str] = {}

    def add(self, ended: Ended) -> Sequence[Statement]:
        """Take a cell that has ended; return its statements with those that wrote the files which they read.

        They are the very same if they read none.
        """
        if "def " in ended.source or "class " in ended.source:
            self._code.update(_definitions(ended))
        linked = ended.statements
        for number, statement in enumerate(ended.statements):
            if statement.files:
                linked = [*linked[:number], self._linked(ended, number, statement), *linked[number + 1 :]]
        if _may_write(ended):
            self._writing.append(ended)
        return linked

    def _linked(self, ended: Ended, number: int, statement: Statement) -> Statement:
        found = dict(statement.reads)
        for file in statement.files[:_MOST_FILES]:
            if file.digest is not None:
                self._read[file.path] = None
                makers = self._makers(ended, number, file.path)
                found.update({file_key(shown_path(file.path)): tuple(makers)} if makers else {})
        return replace(statement, reads=found)

    def _makers(self, reader: Ended, number: int, path: str) -> list[Source]:
        moment = written_at(path)
        if moment is None:
            return []
        if reader.has(moment):
            own = self._statements_that_wrote(replace(reader, statements=reader.statements[:number]), path)
            if own or reader.started + _SLACK_SECONDS < moment:
                return own
        for ended in reversed(self._writing):
            if ended.ended + _SLACK_SECONDS < moment:
                break
            found = self._statements_that_wrote(ended, path) if ended.has(moment) else []
            if found:
                return found
        return []

    def written_by(self, ended: Ended) -> Iterator[tuple[FileRead, list[Source]]]:
        """Yield the files, of those that were read in the session, that a cell wrote, and the statements that did."""
        if not self._read or len(self._read) > _MOST_FILES or not _may_write(ended):
            return
        for path in self._read:
            moment = written_at(path)
            if moment is not None and ended.has(moment):
                sources = self._statements_that_wrote(ended, path)
                if sources:
                    yield read_file(path), sources

    def _statements_that_wrote(self, ended: Ended, path: str) -> list[Source]:
        """Return the statements that name a file or write to what has no name in them, if any of them writes."""
        texts = {number: self._text(ended, statement) for number, statement in enumerate(ended.statements)}
        name = os.path.basename(path)
        writing = {number for number, text in texts.items() if _WRITING.search(text)}
        naming = {number for number, text in texts.items() if name in text}
        nameless = {number for number in writing - naming if not _FILE_NAME.search(texts[number])}
        opening = {number for number in naming & writing if re.search(r"\bopen\s*\(", texts[number])}
        found = naming & writing if naming & writing - opening else (naming & writing) | nameless
        return [Source(execution_id=ended.execution_id, statement=number) for number in sorted(found)]

    def _text(self, ended: Ended, statement: Statement) -> str:
        """Return the code of a statement with that of the functions which it calls."""
        called = (source for sources in statement.reads.values() for source in sources)
        return "\n".join([_code_of(ended, statement), *(self._code[each] for each in called if each in self._code)])


def _may_write(ended: Ended) -> bool:
    return "(" in ended.source or _WRITING.search(ended.source) is not None


def written_files(statement: Statement) -> Mapping[str, FileRead]:
    """Return the files that a statement read and other statements wrote, by what its reads call them."""
    found = {}
    for name in statement.reads if statement.files else ():
        path = name.removeprefix(file_key(""))
        file = next((each for each in statement.files if each.path.endswith(path)), None) if is_file_key(name) else None
        if file is not None:
            found[name] = file
    return found


def with_written(statements: Sequence[Statement], written: Mapping[str, Sequence[Source]]) -> Sequence[Statement]:
    """Return a cell's statements with the files that they wrote."""
    changed = list(statements)
    for name, sources in written.items():
        for number in (source.statement for source in sources):
            changed[number] = replace(changed[number], writes=(*changed[number].writes, name))
    return changed


def shown_path(path: str) -> str:
    """Return a file's path as a person would write it: from the working folder if it is in there."""
    folder = os.getcwd() + os.sep
    return path.removeprefix(folder)


def written_at(path: str) -> float | None:
    """Return when a file was written last, in seconds since 1970; None if it is not there."""
    try:
        return os.stat(path).st_mtime
    except OSError:
        return None


def changed_files(detail: RunDetail) -> list[str]:
    """Return the files that a run read and that are there and hold something else by now, as a person writes them."""
    files = dict.fromkeys(file for use in detail.datasets for file in use.files)
    return [shown_path(file.path) for file in files if has_changed(file, 0.0)]  # whenever it was read: by content


def gone_files(detail: RunDetail) -> list[str]:
    """Return the files that a run read and that are no longer there, as a person writes them."""
    files = dict.fromkeys(file for use in detail.datasets for file in use.files if "://" not in file.path)
    return [shown_path(file.path) for file in files if file.digest is not None and not os.path.exists(file.path)]


def has_changed(file: FileRead, read_at: float) -> bool:
    """Return whether a file is there and holds something else than when it was read, at a time in seconds since 1970.

    It is read only if its time and size leave that open.
    """
    try:
        state = os.stat(file.path)
    except OSError:
        return False
    if file.digest is None or (state.st_size == file.size and state.st_mtime < read_at - _SLACK_SECONDS):
        return False
    return state.st_size != file.size or read_file(file.path).digest != file.digest


def _definitions(ended: Ended) -> Mapping[Source, str]:
    found = {}
    for number, statement in enumerate(ended.statements):
        text = _code_of(ended, statement)
        if text.lstrip().startswith(("def ", "async def ", "class ", "@")):
            found[Source(execution_id=ended.execution_id, statement=number)] = text
    return found


def _code_of(ended: Ended, statement: Statement) -> str:
    return "\n".join(_lines(ended.source)[statement.line - 1 : statement.end_line])


@lru_cache(maxsize=16)
def _lines(source: str) -> list[str]:
    return source.split("\n")
