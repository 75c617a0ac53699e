"""The words that people put on runs: tags, a note and the name, which may change for ever."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from trackbook import clock
from trackbook.capture.secrets import redact, redact_value
from trackbook.errors import ImmutableError, InvalidValueError, NotFoundError
from trackbook.records import Run, RunDetail
from trackbook.store.contract import Batch, RunChange, RunFilter, Store
from trackbook.store.rules import is_gone
from trackbook.tracking.find import NEWEST_WORDS

_LONGEST_NAME = 200


def check_key(key: object, what: str = "tag") -> str:
    """Return `key` if a param, metric or tag may be called so.

    Raises
    ------
    InvalidValueError
        If it is no text, empty, begins or ends with a space, or holds a control character.
    """
    if type(key) is str and key.isidentifier():  # nearly always
        return key
    if not isinstance(key, str):
        raise InvalidValueError(f"The {what} name is text, not {type(key).__name__}. Give it as a string.")
    if not key or key != key.strip():
        raise InvalidValueError(f"{key!r} is no {what} name: a name begins and ends with a visible character.")
    if not key.isprintable():
        raise InvalidValueError(f"{key!r} is no {what} name: it holds a control character. Leave that out.")
    return key


def set_tags(store: Store, run_id: str, tags: Mapping[str, object]) -> RunDetail:
    """Set tags on a run, over those of the same names, and return the run as it is now.

    Values are kept as text: what `str` makes of them.
    """
    checked = {check_key(key): _text(key, value) for key, value in tags.items()}
    return _change(store, RunChange(run_id=_known(store, run_id).run.run_id, tags=checked))


def remove_tags(store: Store, run_id: str, keys: list[str] | tuple[str, ...]) -> RunDetail:
    """Take tags off a run and return the run as it is now.

    Raises
    ------
    NotFoundError
        If the run has no such tag; none is taken off then.
    """
    detail = _known(store, run_id)
    for key in keys:
        if key not in detail.tags:
            has = ", ".join(detail.tags) or "none"
            raise NotFoundError(f"Run '{detail.run.name}' has no tag '{key}'. Its tags: {has}.")
    return _change(store, RunChange(run_id=run_id, tags=dict.fromkeys(keys)))


def set_note(store: Store, run_id: str, text: str | None) -> RunDetail:
    """Put a note on a run, over the one that it has, and return the run as it is now; None or blank takes it away."""
    if text is not None and not isinstance(text, str):
        raise InvalidValueError(f"A note is text, not {type(text).__name__}. Give it as a string.")
    note = redact(text.strip()) if text else ""
    return _change(store, RunChange(run_id=_known(store, run_id).run.run_id, note=note))


def revise(
    store: Store,
    run_id: str,
    *,
    name: str | None = None,
    note: str | None = None,
    tags: Mapping[str, object] | None = None,
) -> RunDetail:
    """Change several words of a run at once, all of them or none, and return the run as it is now.

    Parameters
    ----------
    name, note
        None leaves what it has; a blank note takes it away.
    tags
        Are set over those of the same names; one that is None is taken away, if it is there.

    Raises
    ------
    ImmutableError
        If its name is to change while its kernel is at work: that knows it by the old one, and would put it back.
    """
    given = {check_key(key): None if value is None else _text(key, value) for key, value in (tags or {}).items()}
    words = None if note is None else redact(note.strip())
    called = None if name is None else _run_name(name)

    def make(still: Store) -> Batch:
        detail = _known(still, run_id)
        run = None if called in (None, detail.run.name) else replace(_to_rename(still, detail.run), name=called)
        wanted = {key: value for key, value in given.items() if value is not None or key in detail.tags}
        return Batch(runs=[RunChange(run_id=run_id, run=run, note=words, tags=wanted)])

    store.compose(make)
    return _known(store, run_id)


def _run_name(name: str) -> str:
    found = redact(check_key(name.strip(), "run"))
    if found in NEWEST_WORDS or len(found) > _LONGEST_NAME:
        raise InvalidValueError(
            f"A run can't be called {found[:_LONGEST_NAME]!r}. Give at most {_LONGEST_NAME} characters, "
            f"and none of the words that mean the newest run: {', '.join(sorted(NEWEST_WORDS))}."
        )
    return found


def _to_rename(store: Store, run: Run) -> Run:
    (session,) = store.sessions(ids=[run.session_id])
    if not is_gone(session, clock.now()):
        raise ImmutableError(
            f"Run '{run.name}' belongs to a kernel that is still at work. Rename it when that has ended; "
            "a note or a tag can be put on it now."
        )
    return run


def _text(key: str, value: object) -> str:
    if value is None:
        raise InvalidValueError(f"Tag '{key}' has no value. Give a text; to take a tag away, remove it.")
    return str(redact_value(key, redact(str(value))))


def _change(store: Store, change: RunChange) -> RunDetail:
    store.write(Batch(runs=[change]))
    return _known(store, change.run_id)


def _known(store: Store, run_id: str) -> RunDetail:
    found = store.runs(RunFilter(ids=[run_id]))
    if not found:
        raise NotFoundError(f"No run '{run_id}' in {store.location}. List them with trackbook runs.")
    return found[0]
