"""What child processes are told by their environment: the run that they are inside of, and where its store is."""

from __future__ import annotations

import os

_RUN_VARIABLE = "TRACKBOOK_RUN_ID"
_STORE_VARIABLE = "TRACKBOOK_STORE"


class ChildEnvironment:
    """The environment variables that this process sets for its children, and those that were there before."""

    def __init__(self) -> None:
        self._before: dict[str, str | None] = {}

    def tell(self, run_id: str | None, location: str | None) -> None:
        """Tell children the run that they are inside of; None takes back what was told.

        Parameters
        ----------
        location
            Where the run's store is, None where that is not known yet.
        """
        wanted = self._wanted(run_id, location) if run_id is not None else {}
        for name in {*self._before, *wanted}:
            before = self._before.setdefault(name, os.environ.get(name))
            value = wanted.get(name, before)
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        if run_id is None:
            self._before = {}

    def _wanted(self, run_id: str, location: str | None) -> dict[str, str]:
        is_named = os.environ.get(_STORE_VARIABLE) and _STORE_VARIABLE not in self._before
        if location is None or location.startswith("memory:") or is_named:
            return {_RUN_VARIABLE: run_id}
        return {_RUN_VARIABLE: run_id, _STORE_VARIABLE: location}
