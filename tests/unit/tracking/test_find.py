from __future__ import annotations

import pytest
from trackbook.errors import AmbiguousError, InvalidValueError, NotFoundError
from trackbook.store import RunFilter
from trackbook.tracking.find import find_run, find_session, list_runs, short_id


def test_run_is_found_by_id_prefix_name_and_latest(notebook, make_run):
    first = notebook.add(make_run(1, name="brave-otter", run_id="k3f9aaaaaaaaaaaaaaaaaa"))
    second = notebook.add(make_run(2, name="calm-lynx", run_id="m7caaaaaaaaaaaaaaaaaaa"))

    found = [find_run(notebook.store, each) for each in (first.run.run_id, "k3f9", "brave-otter", " k3f9 ", "K3F9")]

    assert {each.run.run_id for each in found} == {first.run.run_id}
    assert find_run(notebook.store, "latest").run == find_run(notebook.store, "last").run == second.run


def test_name_that_several_runs_share_lists_ids_that_tell_them_apart(notebook, make_run):
    for number, run_id in enumerate(("aaaaaaaa1111111111111a", "aaaaaaaa1122222222222b")):
        notebook.add(make_run(number, name="brave-otter", run_id=run_id))

    with pytest.raises(AmbiguousError, match="brave-otter") as caught:
        find_run(notebook.store, "brave-otter")

    listed = [word.strip(",.") for word in str(caught.value).split() if word.startswith("aaaa")]
    assert len(set(listed)) == 2
    assert all(find_run(notebook.store, each) for each in listed)


def test_prefix_that_several_runs_share_is_refused(notebook, make_run):
    notebook.add(make_run(1, run_id="aaaabbbb11111111111111"))
    notebook.add(make_run(2, run_id="aaaacccc11111111111111"))

    with pytest.raises(AmbiguousError):
        find_run(notebook.store, "aaaa")


def test_unknown_run_is_answered_with_the_newest_ones(notebook, make_run):
    notebook.add(make_run(1, name="brave-otter", run_id="9abaaaaaaaaaaaaaaaaaaa"))

    with pytest.raises(NotFoundError, match=r"No run 'k3f' in experiment 'churn'.*Newest: 9abaaaaa \(brave-otter\)"):
        find_run(notebook.store, "k3f", experiment="churn")


@pytest.mark.parametrize("reference", ["brave", "brave-oter"])
def test_name_that_is_cut_short_or_misspelt_is_answered_with_the_one_meant(notebook, make_run, reference):
    notebook.add(make_run(1, name="brave-otter"))
    notebook.add(make_run(2, name="calm-lynx"))

    with pytest.raises(NotFoundError, match="Did you mean 'brave-otter'"):
        find_run(notebook.store, reference)


def test_prefix_of_three_characters_is_no_reference(notebook, make_run):
    notebook.add(make_run(1, run_id="9abaaaaaaaaaaaaaaaaaaa"))

    with pytest.raises(NotFoundError, match="needs 4 characters"):
        find_run(notebook.store, "9ab")


def test_wildcards_in_a_reference_match_nothing(notebook, make_run):
    notebook.add(make_run(1))

    for reference in ("%%%%", "____", "0000%", "*", "' or 1=1 --"):
        with pytest.raises(NotFoundError):
            find_run(notebook.store, reference)


def test_empty_store_says_so(notebook):
    with pytest.raises(NotFoundError, match="no run yet"):
        find_run(notebook.store, "latest")
    with pytest.raises(InvalidValueError):
        find_run(notebook.store, "  ")


def test_session_is_found_by_prefix(notebook):
    assert find_session(notebook.store, "sess").session_id == notebook.session_id
    assert find_session(notebook.store, "latest").session_id == notebook.session_id
    with pytest.raises(NotFoundError, match="No session 'nope'"):
        find_session(notebook.store, "nope")


def test_children_stand_beneath_their_parent_in_the_order_in_which_they_started(notebook, make_run):
    parent = notebook.add(make_run(1))
    children = [notebook.add(make_run(number, run={"parent_id": parent.run.run_id})) for number in (2, 3)]
    other = notebook.add(make_run(4))

    tree = list_runs(notebook.store, RunFilter(), limit=10)

    assert [branch.detail.run for branch in tree.branches] == [other.run, parent.run]
    assert [branch.detail.run for branch in tree.branches[1].children] == [child.run for child in children]
    assert (tree.listed, tree.total) == (4, 4)


def test_many_children_do_not_push_other_runs_out_of_the_list(notebook, make_run):
    old = notebook.add(make_run(0))
    parent = notebook.add(make_run(1))
    for number in range(2, 452):
        notebook.add(make_run(number, run={"parent_id": parent.run.run_id}))

    tree = list_runs(notebook.store, RunFilter(), limit=2)

    assert [branch.detail.run for branch in tree.branches] == [parent.run, old.run]
    assert len(tree.branches[0].children) == 450


def test_limit_counts_runs_at_the_top_and_the_total_all(notebook, make_run):
    for number in range(5):
        notebook.add(make_run(number))

    tree = list_runs(notebook.store, RunFilter(), limit=3)

    assert len(tree.branches) == 3
    assert (tree.listed, tree.total) == (3, 5)


def test_run_whose_parent_is_in_another_experiment_stands_at_the_top(notebook, make_run):
    parent = notebook.add(make_run(1, run={"experiment": "sweep"}))
    child = notebook.add(make_run(2, run={"parent_id": parent.run.run_id}))

    tree = list_runs(notebook.store, RunFilter(experiment="churn"), limit=5)

    assert [branch.detail.run for branch in tree.branches] == [child.run]


def test_short_id_is_resolvable(notebook, make_run):
    run = notebook.add(make_run(1)).run

    assert find_run(notebook.store, short_id(run.run_id)).run == run
