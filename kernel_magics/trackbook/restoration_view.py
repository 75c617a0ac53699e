"""Bringing back what a run had: what ``trackbook.restore`` gives."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Mapping, MutableMapping
from types import FrameType
from typing import Any

from trackbook.display.restoration import restoration_payload, show_restoration
from trackbook.display.shown import Look, Shown
from trackbook.project import Project, current_project
from trackbook.records import JsonValue
from trackbook.run_view import tell_aside
from trackbook.tracking.making import note_read, wait_until_kept
from trackbook.tracking.restore import Restoration, lacks_content
from trackbook.tracking.restore import restore as bring_back
from trackbook.views import RunReference, get_run


class RestorationView(Mapping[str, Any]):
    """What came back of a run, by name; it shows also what did not, and why."""

    def __init__(self, restoration: Restoration) -> None:
        self.restoration = restoration
        self._values = restoration.values

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    @property
    def missing(self) -> dict[str, str]:
        """What did not come back: the reason by name."""
        return {each.name: each.reason for each in self.restoration.unrestored}

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is not as it was, one sentence each: a model that predicts something else here, say."""
        return self.restoration.remarks

    def to_dict(self) -> dict[str, JsonValue]:
        """Return names and kinds as JSON values."""
        return restoration_payload(self.restoration)

    def show(self, look: Look | None = None) -> Shown:
        """Return it, to look at."""
        return show_restoration(self.restoration, look)

    def __repr__(self) -> str:
        return self.show().text

    def _repr_html_(self) -> str:
        return self.show().html


def restore(
    run: RunReference,
    names: str | Collection[str] | None = None,
    *,
    into: MutableMapping[str, Any] | None = None,
    force: bool = False,
    trust: str | Collection[str] = (),
    project: Project | None = None,
) -> RestorationView:
    """Bring back the tables, models and params of a run, as they were: ``trackbook.restore("latest", into=globals())``.

    Models come back by skops, which runs no code of theirs; each is tried on the example of its inputs that was kept,
    and `remarks` say where it predicts something else than then.

    Parameters
    ----------
    run
        As for `get_run`.
    names
        Which of them; None: all that had a name of their own in the notebook.
    into
        The namespace to put them into: all that came back, or, where a name is taken, nothing. None: only return them.
    force
        Put them also over what has these names.
    trust
        Types, by full name, that models may hold beside those that skops trusts: ``"lightgbm.sklearn.LGBMClassifier"``.

    Raises
    ------
    NotFoundError, AmbiguousError
        If there is no such run, or more than one; if it has nothing of a name.
    InvalidValueError
        If a name is taken and `force` is False.
    """
    return restore_at(sys._getframe(1), run, names, into=into, force=force, trust=trust, project=project)


def restore_at(
    frame: FrameType | None,
    run: RunReference,
    names: str | Collection[str] | None = None,
    *,
    into: MutableMapping[str, Any] | None = None,
    force: bool = False,
    trust: str | Collection[str] = (),
    project: Project | None = None,
) -> RestorationView:
    """Do what `restore` does, for the code that a frame runs: that is where the values come into the lineage."""
    project = project or current_project()
    wanted = [names] if isinstance(names, str) else None if names is None else list(names)
    is_complete = wait_until_kept(lambda: lacks_content(get_run(run, project=project).detail, wanted), tell_aside)
    trusted = [trust] if isinstance(trust, str) else list(trust)
    found = bring_back(
        project.store,
        get_run(run, project=project).detail,
        wanted,
        into=into,
        force=force,
        trust=trusted,
        is_complete=is_complete,
    )
    for each in found.restored:
        if each.read is not None:
            note_read(each.read, each.value, frame)
    return RestorationView(found)
