"""A file of rules that is being read: what is expected at each place of it, and what is wrong there."""

from __future__ import annotations

import difflib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from trackbook.errors import InvalidValueError
from trackbook.pipelines.graph.located import Located, Mistake, read_yaml

_OTHER_WORDS = {
    **dict.fromkeys(("min", "minimum", "ge", "gte", "above", "min_value", "lower"), "at_least"),
    **dict.fromkeys(("max", "maximum", "le", "lte", "below", "max_value", "upper"), "at_most"),
}
"""What others call it, and no spelling comes near."""


class Mapped(dict[str, Located]):
    """The known keys of a mapping."""


@dataclass(slots=True)
class Reading:
    """A file and what is wrong with it so far."""

    path: Path
    root: Located
    mistakes: list[Mistake] = field(default_factory=list)

    @classmethod
    def of(cls, path: Path) -> Reading:
        """Open a file.

        Raises
        ------
        InvalidValueError
            If there is none, or it is no YAML.
        """
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
            raise InvalidValueError(f"The rules '{path}' can't be read: {reason}.") from None
        root, mistakes = read_yaml(text)
        reading = cls(path, root or Located(line=1), [_with_hint(each, text) for each in mistakes])
        if root is None:
            reading.raise_if_wrong()
            raise InvalidValueError(f"The rules '{path}' are empty. Write one such as 'verdict: clean'.")
        return reading

    def add(self, place: Located, sentence: str) -> None:
        """Note what is wrong at a place."""
        self.mistakes.append(Mistake(line=place.line, sentence=sentence))

    def raise_if_wrong(self) -> None:
        """Refuse the file if anything is wrong with it.

        Raises
        ------
        InvalidValueError
            With all of it, in the order of the lines.
        """
        ordered = sorted(dict.fromkeys(self.mistakes), key=lambda each: each.line)
        if ordered:
            raise InvalidValueError("\n".join(f"{self.path}, line {each.line}: {each.sentence}" for each in ordered))

    # What is expected at a place; None where it is not there or, which is noted, something else

    def mapped(self, place: Located, known: Sequence[str], where: str) -> Mapped:
        """Return the known keys of a mapping; others are noted with the nearest that is known."""
        found = Mapped()
        if place.entries is None:
            self.add(place, f"{where or 'the file'} takes keys such as '{known[0]}', and not {_shown(place)}")
        for entry in place.entries or ():
            if entry.key in known:
                found[entry.key] = entry.value
            else:
                meant = _OTHER_WORDS.get(entry.key.lower())
                close = [meant] if meant in known else difflib.get_close_matches(entry.key, known, n=1)
                hint = f"Did you mean '{close[0]}'?" if close else f"There are {', '.join(known)}"
                sentence = f"there is no '{entry.key}'{f' in {where}' if where else ''}. {hint}"
                self.mistakes.append(Mistake(line=entry.line, sentence=sentence))
        return found

    def text(self, place: Located | None) -> str | None:
        """Return a text; a number counts as one."""
        if place is None:
            return None
        value = place.scalar
        if isinstance(value, str) and value.strip():
            return value.strip()
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
        self.add(place, f"a text is needed, and not {_shown(place)}")
        return None

    def texts(self, place: Located | None) -> list[str]:
        """Return a list of texts; one text is a list of one."""
        if place is None:
            return []
        if place.items == ():
            self.add(place, "the list is empty")
        items = place.items if place.items is not None else (place,)
        return [text for each in items if (text := self.text(each)) is not None]

    def number(self, place: Located | None, *, low: float = -math.inf, high: float = math.inf) -> float | None:
        """Return a number within limits."""
        if place is None:
            return None
        value = place.scalar
        if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
            self.add(place, f"a number is needed, and not {_shown(place)}")
        elif not low <= value <= high:
            limits = f"between {low:g} and {high:g}" if high < math.inf else f"of at least {low:g}"
            self.add(place, f"a number {limits} is needed, and not {_shown(place)}")
        else:
            return float(value)
        return None

    def whole(self, place: Located | None, *, low: int) -> int | None:
        """Return a whole number of at least `low`."""
        value = self.number(place, low=low)
        if place is None or value is None:
            return None
        if not value.is_integer():
            self.add(place, f"a whole number is needed, and not {_shown(place)}")
            return None
        return int(value)

    def flag(self, place: Located | None) -> bool:
        """Return true or false; it is false where it is not there."""
        if place is not None and not isinstance(place.scalar, bool):
            self.add(place, f"true or false is needed, and not {_shown(place)}")
        return place is not None and place.scalar is True

    def choice(self, place: Located | None, known: Sequence[str]) -> str | None:
        """Return one of a few words."""
        if place is None:
            return None
        if isinstance(place.scalar, str) and place.scalar in known:
            return place.scalar
        close = difflib.get_close_matches(str(place.scalar), known, n=1)
        hint = f"Did you mean '{close[0]}'?" if close else f"It is {' or '.join(known)}"
        what = "this is empty" if place.plain is None else f"{_shown(place)} is nothing that is known here"
        self.add(place, f"{what}. {hint}")
        return None


def _with_hint(mistake: Mistake, text: str) -> Mistake:
    """Return a mistake in YAML with what most likely made it: a bound without quotes begins a block of text."""
    lines = text.splitlines()
    written = lines[mistake.line - 1] if mistake.line <= len(lines) else ""
    if ": >" not in written:
        return mistake
    return Mistake(line=mistake.line, sentence=f"{mistake.sentence}. Put a bound in quotes: '>= 0.9'")


def _shown(place: Located) -> str:
    if place.items is not None or place.entries is not None:
        return "a list" if place.items is not None else "a mapping"
    return "nothing" if place.scalar is None else f"'{place.scalar}'"
