from __future__ import annotations

from dataclasses import replace

import pytest
from trackbook.errors import ImmutableError, InvalidValueError, NotFoundError
from trackbook.records import RunStatus
from trackbook.store import Batch, MemoryStore, RunChange
from trackbook.tracking.annotate import remove_tags, revise, set_note, set_tags


def test_tags_are_set_over_each_other_and_taken_away(notebook, make_run):
    run_id = notebook.add(make_run(1, tags={"owner": "ana", "draft": "yes"})).run.run_id

    set_tags(notebook.store, run_id, {"owner": "bo", "round": 2})
    detail = remove_tags(notebook.store, run_id, ["draft"])

    assert detail.tags == {"owner": "bo", "round": "2"}


def test_removing_a_tag_that_is_not_there_removes_none(notebook, make_run):
    run_id = notebook.add(make_run(1, tags={"owner": "ana"})).run.run_id

    with pytest.raises(NotFoundError, match=r"no tag 'ower'\. Its tags: owner"):
        remove_tags(notebook.store, run_id, ["owner", "ower"])

    assert set_tags(notebook.store, run_id, {}).tags == {"owner": "ana"}


@pytest.mark.parametrize("key", ["", " owner", "two\nlines", "\x1b[31mred", "lone \ud800"])
def test_names_that_no_one_could_type_are_refused(notebook, make_run, key):
    run_id = notebook.add(make_run(1)).run.run_id

    with pytest.raises(InvalidValueError):
        set_tags(notebook.store, run_id, {key: "x"})


def test_note_is_put_on_replaced_and_taken_away(notebook, make_run):
    run_id = notebook.add(make_run(1)).run.run_id

    noted = set_note(notebook.store, run_id, "  the baseline\nof all  ")
    cleared = set_note(notebook.store, run_id, " ")

    assert noted.run.note == "the baseline\nof all"
    assert cleared.run.note is None


def test_note_on_a_run_that_ends_meanwhile_does_not_make_it_run_again(make_run, notebook):
    running = notebook.add(make_run(1, run={"status": RunStatus.RUNNING}))

    class EndsWhenRead(MemoryStore):
        """Another process that ends the run just after it was read."""

        is_done = False

        def runs(self, where):
            found = notebook.store.runs(where)
            if not self.is_done:
                self.is_done = True
                ended = replace(found[0].run, status=RunStatus.FINISHED)
                notebook.store.write(Batch(runs=[RunChange(run_id=ended.run_id, run=ended)]))
            return found

        def write(self, batch):
            notebook.store.write(batch)

    detail = set_note(EndsWhenRead(), running.run.run_id, "good")

    assert (detail.run.status, detail.run.note) == (RunStatus.FINISHED, "good")


def test_annotating_an_unknown_run_is_refused(notebook):
    with pytest.raises(NotFoundError, match="No run 'nope'"):
        set_note(notebook.store, "nope", "text")


def test_words_are_revised_all_at_once_or_not_at_all(notebook, make_run):
    run_id = notebook.add(make_run(1, tags={"owner": "ana", "draft": "yes"})).run.run_id

    with pytest.raises(InvalidValueError, match="control character"):
        revise(notebook.store, run_id, note="new", tags={"owner": "bo", "two\nlines": "x"})
    detail = revise(notebook.store, run_id, note=" new ", tags={"owner": "bo", "draft": None, "none": None})

    assert (detail.run.note, detail.tags) == ("new", {"owner": "bo"})
    assert revise(notebook.store, run_id, note=" ").run.note is None


def test_words_that_look_like_credentials_are_not_kept(notebook, make_run):
    run_id = notebook.add(make_run(1)).run.run_id
    token = "ghp_" + "a1B2" * 9

    detail = revise(notebook.store, run_id, note=f"with {token}", tags={"by": token})

    assert token not in f"{detail.run.note} {detail.tags}"


def test_run_is_renamed_when_its_kernel_has_ended(notebook, make_run):
    detail = notebook.add(make_run(1))
    store, run_id = notebook.store, detail.run.run_id
    (session,) = store.sessions(ids=[detail.run.session_id])

    store.write(
        Batch(sessions=[replace(session, ended_at=None, lease_expires_at=session.started_at.replace(year=9000))])
    )
    with pytest.raises(ImmutableError, match="kernel that is still at work"):
        revise(store, run_id, name="other", note="hello")
    store.write(Batch(sessions=[replace(session, ended_at=session.started_at)]))
    renamed = revise(store, run_id, name=" other ")

    assert (renamed.run.name, renamed.run.note, renamed.params) == ("other", None, detail.params)
    with pytest.raises(InvalidValueError, match="latest"):
        revise(store, run_id, name="latest")
