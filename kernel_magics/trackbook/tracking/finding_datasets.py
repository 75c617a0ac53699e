"""Which version of a dataset, or which table of a run, is meant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches

from trackbook.errors import AmbiguousError, InvalidValueError, NotFoundError
from trackbook.records import DatasetUse, DatasetVersion, RunDetail
from trackbook.store.contract import Store
from trackbook.tracking.dataset_names import (
    PATH,
    KeptTable,
    check_name,
    kept_version,
    label_of,
    split_reference,
    version_number,
)
from trackbook.tracking.find import find_run, short_id

_SHORTEST_FINGERPRINT = 4
_MOST_NAMES = 8
_HASH = "xx3:"


def find_table(
    store: Store,
    name: str | None,
    *,
    version: int | str | None = None,
    run: str | None = None,
    fingerprint: str | None = None,
) -> KeptTable:
    """Return the table that is meant: a version by number, the one that a run made or used, the one with a content.

    Parameters
    ----------
    name
        The dataset, ``train`` or ``train@3``; without it, a fingerprint alone says which.
    version
        Its number; without anything else the latest.
    run
        A run as for `trackbook.tracking.find.find_run`. Beside datasets, ``name`` may be what the run called a table.
    fingerprint
        The content's, or the beginning of it.

    Raises
    ------
    NotFoundError, AmbiguousError
        If there is no such version, or several.
    InvalidValueError
        If more than one of these says which, or one is none.
    """
    if sum(each is not None for each in (version, run, fingerprint)) > 1:
        raise InvalidValueError("Give one of version, run and fingerprint: each says for itself which table is meant.")
    if fingerprint is not None:
        return _with_fingerprint(store, name, fingerprint)
    if name is None:
        raise InvalidValueError("Which dataset? Give a name, or a fingerprint.")
    if run is not None:
        return _of_run(store, check_name(name), find_run(store, run))
    name, number = split_reference(name)
    if number is not None and version is not None:
        raise InvalidValueError(f"'{name}@{number}' names a version itself. Leave version={version!r} out.")
    wanted = number if version is None else version_number(version)
    return replace(kept_version(_numbered(store, name, wanted)), is_latest=wanted is None)


def newer_version(store: Store, label: str, session_id: str | None) -> DatasetVersion | None:
    """Return the latest version of a dataset, if it is newer than one (``train@3``) and has another content.

    One that the session published itself is none: what a notebook publishes, it makes again.
    """
    name, number = split_reference(label)
    versions = store.versions(name)
    read = next((each for each in versions if each.version == number), None)
    if read is None or read is versions[-1] or versions[-1].snapshot_id == read.snapshot_id:
        return None
    return versions[-1] if session_id is None or versions[-1].session_id != session_id else None


def find_version(store: Store, reference: str) -> DatasetVersion:
    """Return the version that ``train@3`` or ``train`` (the latest) means.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    return _numbered(store, *split_reference(reference))


def version_before(store: Store, version: DatasetVersion) -> DatasetVersion:
    """Return the version before another of its dataset.

    Raises
    ------
    NotFoundError
        If it is the first.
    """
    earlier = [each for each in store.versions(version.name) if each.version < version.version]
    if not earlier:
        raise NotFoundError(
            f"'{label_of(version)}' is the first version of its dataset. Name another version to compare it with."
        )
    return earlier[-1]


def no_dataset(store: Store, name: str) -> str:
    names = list(dict.fromkeys(each.name for each in store.versions()))
    if not names:
        return (
            f"No dataset '{name}': none is published in {store.location} yet. "
            f"Publish one: trackbook.publish(table, '{name}')."
        )
    listed = ", ".join(names[:_MOST_NAMES]) + (", …" if len(names) > _MOST_NAMES else "")
    return f"No dataset '{name}'.{_near(name, names)} There are: {listed}."


def _numbered(store: Store, name: str, number: int | None) -> DatasetVersion:
    versions = store.versions(name)
    if not versions:
        raise NotFoundError(no_dataset(store, name))
    if number is None:
        return versions[-1]
    found = next((each for each in versions if each.version == number), None)
    if found is None:
        has = ", ".join(str(each.version) for each in versions[-_MOST_NAMES:])
        raise NotFoundError(f"Dataset '{name}' has no version {number}. Its versions: {has}.")
    return found


def _with_fingerprint(store: Store, name: str | None, fingerprint: str) -> KeptTable:
    wanted = str(fingerprint).strip().removeprefix(_HASH).lower()
    if len(wanted) < _SHORTEST_FINGERPRINT:
        raise InvalidValueError(
            f"{fingerprint!r} is too short for a fingerprint. Give at least {_SHORTEST_FINGERPRINT} digits."
        )
    known = store.versions(None if name is None else check_name(name))
    found = [each for each in known if (each.fingerprint or "").startswith(wanted)]
    contents = {each.fingerprint for each in found}
    if len(contents) > 1:
        raise AmbiguousError(f"{len(contents)} contents have fingerprints that begin with '{wanted}'. Give more of it.")
    if found:
        return kept_version(found[-1])
    snapshots = [each for each in store.snapshots() if (each.fingerprint or "").startswith(wanted)] if not name else []
    if len(snapshots) == 1:
        return KeptTable(name=wanted[:8], snapshot_id=snapshots[0].snapshot_id)
    if snapshots:
        raise AmbiguousError(f"{len(snapshots)} snapshots have fingerprints that begin with '{wanted}'. Give a name.")
    if name is not None and not known:
        raise NotFoundError(no_dataset(store, name))
    of_name = f" of dataset '{name}'" if name else ""
    raise NotFoundError(f"No version{of_name} has the fingerprint '{wanted}'. See them with trackbook data ls.")


def _of_run(store: Store, name: str, detail: RunDetail) -> KeptTable:
    """Return the version of a name that a run published, else used; else the table that it called so."""
    versions = store.versions(name)
    own = [each for each in versions if each.run_id == detail.run.run_id]
    used = [each for each in versions if any(_is_use_of(use, each) for use in detail.datasets)]
    if own or used:
        return kept_version((own or used)[-1])
    named = [use for use in detail.datasets if use.name == name]
    kept = list(dict.fromkeys(use.snapshot_id for use in named if use.snapshot_id is not None))
    if len(kept) > 1:
        roles = ", ".join(str(use.role) for use in named)
        raise AmbiguousError(
            f"Run '{detail.run.name}' used several tables named '{name}' ({roles}). "
            "Give the fingerprint of the one you mean: trackbook.get_run(...).datasets has them."
        )
    if kept:
        return KeptTable(name=name, snapshot_id=kept[0])
    if named:
        raise NotFoundError(f"Only the fingerprint of '{name}' was kept with run '{detail.run.name}', not its content.")
    if not versions and store.versions():
        hint = _near(name, [*{each.name for each in store.versions()}, *(use.name for use in detail.datasets)])
    else:
        hint = ""
    has = ", ".join(dict.fromkeys(use.name for use in detail.datasets)) or "none"
    raise NotFoundError(
        f"Run '{detail.run.name}' ({short_id(detail.run.run_id)}) neither made nor used a dataset '{name}'.{hint} "
        f"Its tables: {has}."
    )


def _is_use_of(use: DatasetUse, version: DatasetVersion) -> bool:
    path = PATH + label_of(version)
    if use.snapshot_id is not None or use.fingerprint is None:
        return use.snapshot_id == version.snapshot_id or any(file.path == path for file in use.files)
    return use.fingerprint == version.fingerprint or any(file.path == path for file in use.files)


def _near(name: str, names: Iterable[str]) -> str:
    by_case = {each.lower(): each for each in names}
    close = get_close_matches(name.lower(), by_case, n=2)
    return f" Did you mean {' or '.join(repr(by_case[each]) for each in close)}?" if close else ""
