"""Which datasets a notebook publishes and loads: what `reading` finds in its code, and runs confirm."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Uses:
    """The datasets of a notebook by name.

    Attributes
    ----------
    loads, publishes
        Names that it loads, the latest version, and that it publishes.
    maybe
        Those of them that it may or may not, as a condition turns out.
    pinned
        Names of which it loads one version that the code says: no step before it changes that.
    untold
        What can't be told, a sentence each.
    """

    loads: tuple[str, ...] = ()
    publishes: tuple[str, ...] = ()
    maybe: frozenset[str] = frozenset()
    pinned: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()

    @property
    def may_publish_more(self) -> bool:
        """Whether it publishes something whose name can't be told."""
        return any(sentence.startswith("publish") for sentence in self.untold)
