"""What the tables of a metric are for, told by their content: a slice written out anew is another object each time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from trackbook.capture.events import FitEvent
from trackbook.records import DatasetUse, Role

_HANDFUL = 5  # rows: as few may well be the same by chance


class KnownRoles:
    """The roles in which a session has seen tables, by fingerprint."""

    def __init__(self) -> None:
        self._roles: defaultdict[str, set[Role]] = defaultdict(set)

    def add(self, data: Iterable[DatasetUse]) -> None:
        """Note the roles of tables."""
        for use in data:
            if use.fingerprint is not None and use.role is not None:
                self._roles[use.fingerprint].add(use.role)

    def role_of(self, data: Iterable[DatasetUse], fits: Iterable[FitEvent]) -> Role | None:
        """Return the role of the tables that a metric was computed from, None unless their content leaves no doubt.

        They are training data if all are what each of the fits was given; they have another role if all have been seen
        in that one and in no other. Columns alone, and a handful of rows, tell nothing.
        """
        held = list(data)
        fingerprints = {use.fingerprint for use in held}
        if None in fingerprints or not any(map(_is_telling, held)):
            return None
        trained = [{use.fingerprint for use in fit.data if use.role is Role.TRAIN} for fit in fits]
        if trained and all(fingerprints <= known for known in trained):
            return Role.TRAIN
        seen = [self._roles.get(str(each), set()) for each in fingerprints]
        roles = set().union(*seen)
        return roles.pop() if roles != {Role.TRAIN} and all(seen) and len(roles) == 1 else None


def _is_telling(use: DatasetUse) -> bool:
    return len(use.shape) > 1 and (use.rows or 0) > _HANDFUL
