"""Cells as people write them, and what they truly write: no write may be missed, a false one is a failure too."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from trackbook.capture.code import cell_code
from trackbook.capture.namespace import Change, Namespace


@dataclass(frozen=True)
class Case:
    title: str
    earlier: tuple[str, ...]
    cell: str
    writes: tuple[str, ...]
    maybe: tuple[str, ...]


def read_cases() -> list[Case]:
    text = Path(__file__).with_name("write_cells.txt").read_text()
    return [read_case(block) for block in text.split("\n## ")[1:]]


def read_case(block: str) -> Case:
    title, _, rest = block.partition("\n")
    earlier, _, rest = f"\n{rest}".partition("\n-->\n")
    cell, _, expected = rest.partition("\n==>")
    writes, _, maybe = expected.strip().partition("?")
    cells = tuple(part.strip("\n") for part in earlier.split("\n...\n") if part.strip())
    return Case(title, cells, cell, tuple(writes.split()), tuple(maybe.split()))


CASES = read_cases()


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A real IPython, with the process put back as it was."""
    from IPython.core.history import HistoryManager
    from IPython.core.interactiveshell import InteractiveShell

    folder = tmp_path_factory.mktemp("ipython")
    main, where = sys.modules["__main__"], Path.cwd()
    hooks = sys.excepthook, sys.displayhook
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IPYTHONDIR", str(folder))
        patch.setattr(HistoryManager, "enabled", False)
        os.chdir(folder)
        shell = InteractiveShell.instance()
        yield shell
        InteractiveShell.clear_instance()
    os.chdir(where)
    sys.modules["__main__"] = main
    sys.excepthook, sys.displayhook = hooks


class Notebook:
    """Runs cells in IPython as the extension will: a pair of calls around each."""

    def __init__(self, shell: Any) -> None:
        for name in shell.user_ns.keys() - shell.user_ns_hidden.keys():  # `reset` collects garbage, which is slow
            if not name.startswith("__"):
                del shell.user_ns[name]
        self.shell = shell
        self.namespace = Namespace(shell.user_ns, hidden=lambda: shell.user_ns_hidden)

    def run(self, source: str) -> Change:
        try:
            code = cell_code(source)
        except SyntaxError:
            code = None
        self.namespace.before(code)
        result = self.shell.run_cell(source)
        error = result.error_before_exec or result.error_in_exec
        return self.namespace.after(is_complete=error is None, failed_line=self.failed_line(result.error_in_exec))

    def failed_line(self, error: BaseException | None) -> int | None:
        traceback = error.__traceback__ if error is not None else None
        while traceback is not None:
            if traceback.tb_frame.f_globals is self.shell.user_ns:
                return traceback.tb_lineno
            traceback = traceback.tb_next
        return None


@pytest.mark.filterwarnings("ignore")  # what the cells warn about is theirs
@pytest.mark.parametrize("case", CASES, ids=[case.title for case in CASES])
def test_cell_writes(case: Case, shell: Any) -> None:
    notebook = Notebook(shell)
    for source in case.earlier:
        notebook.run(source)

    change = notebook.run(case.cell)

    assert (change.writes, change.maybe) == (case.writes, case.maybe)


def test_the_corpus_is_large() -> None:
    assert len(CASES) >= 150
    assert len({case.title for case in CASES}) == len(CASES)
