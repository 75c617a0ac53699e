"""Makes ``%track`` known to a shell, with Tab completion; what it does is loaded when it is first used."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trackbook.magics.extension import Extension
    from trackbook.magics.notebook import TrackedNotebook

MAGIC = "track"
MATCHER = "trackbook.track"
_LINE = re.compile(r"\s*(?P<escape>%{0,2})track\s(?P<words>.*)", re.DOTALL)
_FIRST = 1000.0  # before all of IPython's own, which would offer Python's names


class Registration:
    """The magic and its completion in one shell."""

    def __init__(self, shell: Any, extension: Extension) -> None:
        self._shell = shell
        self._extension = extension
        self._magic = self._make_magic()

    def add(self) -> None:
        """Make them known."""
        from IPython.core.magic import needs_local_scope

        self._shell.register_magic_function(needs_local_scope(self._magic), "line_cell", MAGIC)
        self._shell.Completer.custom_matchers.append(self._make_matcher())

    def remove(self) -> None:
        """Take them away again."""
        for kind in ("line", "cell"):
            self._shell.magics_manager.magics[kind].pop(MAGIC, None)
        vars(self._shell.magics_manager.user_magics).pop(MAGIC, None)  # IPython puts it there too
        matchers = self._shell.Completer.custom_matchers
        matchers[:] = [each for each in matchers if getattr(each, "matcher_identifier", "") != MATCHER]

    def load(self) -> None:
        """Load the commands now, so that the first use does not wait for them; ``%track?`` shows their help."""
        from trackbook.magics.commands import help_of, track
        from trackbook.magics.completion import complete  # noqa: F401  only so that it is there

        self._magic.__doc__ = help_of(track)

    @cached_property
    def _notebook(self) -> TrackedNotebook:
        from trackbook.magics.notebook import TrackedNotebook

        return TrackedNotebook(self._shell, self._extension)

    def _make_magic(self) -> Callable[..., object]:
        def track_magic(line: str, cell: str | None = None, local_ns: Mapping[str, Any] | None = None) -> object:
            """See what was recorded, and say more about it."""
            __tracebackhide__ = True
            from trackbook.magics.track import run_cell, run_line

            self._notebook.local_names = local_ns
            if cell is not None:
                return run_cell(self._notebook, line, cell)
            run_line(self._notebook, line)
            return None

        return track_magic

    def _make_matcher(self) -> Callable[[Any], Any]:
        """Return a matcher of IPython's completer; where it has something to offer, nothing else is offered."""
        from IPython.core.completer import SimpleCompletion, SimpleMatcherResult, context_matcher

        @context_matcher(identifier=MATCHER, priority=_FIRST)  # type: ignore[untyped-decorator]  # IPython's
        def match(context: Any) -> Any:
            line = _LINE.fullmatch(context.text_until_cursor)
            is_ours = line is not None and (line["escape"] or self._is_automagic())
            found = self._complete(line["words"], is_cell=line["escape"] == "%%") if line and is_ours else []
            words = [_as_word(each) for each in found if each.startswith(context.token)]
            completions = [SimpleCompletion(word) for word in words]
            return SimpleMatcherResult(completions=completions, suppress=True, ordered=True)

        return match  # type: ignore[no-any-return]  # IPython's decorator has no types

    def _complete(self, words: str, *, is_cell: bool) -> list[str]:
        from trackbook.magics.completion import complete

        return complete(self._notebook, words, is_cell=is_cell)

    def _is_automagic(self) -> bool:
        """Return whether ``track`` alone means the magic here."""
        return bool(self._shell.automagic) and MAGIC not in self._shell.user_ns


def _as_word(text: str) -> str:
    return f"'{text}'" if " " in text else text
