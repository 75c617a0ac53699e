from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trackbook.display.blocks import Cell, Column, Sentence, Table
from trackbook.display.comparison import show_comparison
from trackbook.display.html import render_html
from trackbook.display.log import show_log, show_sources
from trackbook.display.run import show_run
from trackbook.display.runs import show_runs
from trackbook.display.shown import Look
from trackbook.display.status import show_status
from trackbook.display.text import render_text
from trackbook.records import (
    Artifact,
    DatasetUse,
    Environment,
    Execution,
    Failure,
    FileRead,
    Git,
    Model,
    Outcome,
    Role,
    RunStatus,
)
from trackbook.store import RunFilter
from trackbook.tracking.compare import compare
from trackbook.tracking.find import list_runs
from trackbook.tracking.overview import overview

EVIL = "<script>alert(1)</script>\"'&"
NOON = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)
LOOK = Look(now=datetime(2026, 10, 20, 13, 0, tzinfo=UTC))
ELEMENTS = frozenset(
    {"div", "table", "thead", "tbody", "tr", "th", "td", "span", "strong", "pre", "details", "summary"}
)
VOID = {"br", "img", "hr", "input", "meta", "link"}


class Page(HTMLParser):
    """What a browser would make of HTML: its elements, attributes and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def evil_run(make_run):
    """Return a run in which every text is an attack."""
    return make_run(
        1,
        name=EVIL,
        params={EVIL: EVIL, "nested": {EVIL: [EVIL]}},
        metrics={EVIL: 0.5},
        tags={EVIL: EVIL},
        datasets=(DatasetUse(name=EVIL, kind=EVIL, role=Role.TEST, fingerprint=EVIL, files=(FileRead(path=EVIL),)),),
        models=(Model(model_id="m", name=EVIL, class_name=EVIL, features=(EVIL,), importances={EVIL: 1.0}),),
        artifacts=(Artifact(name=EVIL, digest="d", size=3, media_type=EVIL),),
        run={
            "experiment": EVIL,
            "note": EVIL,
            "verdict": EVIL,
            "status": RunStatus.FAILED,
            "failure": Failure(type=EVIL, message=EVIL, traceback=EVIL),
        },
    )


def execution(source="x = 1", index=1, **rest):
    fields = {"seconds": 0.5, "outcome": Outcome.OK, "writes": ("x",)} | rest
    return Execution(
        execution_id=f"e{index}", session_id="s" * 22, index=index, source=source, started_at=NOON, **fields
    )


def evil_pages(notebook, make_run):
    detail = notebook.add(evil_run(make_run))
    failure = Failure(type=EVIL, message=EVIL, traceback=EVIL)
    cell = execution(EVIL, outcome=Outcome.ERROR, failure=failure, writes=(EVIL,), run_ids=(EVIL,))
    environment = Environment(
        environment_id="e",
        python=EVIL,
        implementation=EVIL,
        platform=EVIL,
        machine=EVIL,
        packages={EVIL: EVIL},
        git=Git(commit=EVIL, branch=EVIL, is_dirty=True),
    )
    return [
        show_runs(list_runs(notebook.store, RunFilter()), LOOK, experiment=EVIL),
        show_run(detail, LOOK, executions=[cell], environment=environment, parent=detail, children=[detail]),
        show_comparison(compare([detail, make_run(2)], {}), LOOK),
        show_log([cell], LOOK),
        show_sources([cell], LOOK),
        show_status(overview(notebook.store, now=LOOK.now), LOOK),
    ]


def test_nothing_that_somebody_named_becomes_an_element_or_leaves_its_attribute(notebook, make_run):
    pages = [Page(page.html) for page in evil_pages(notebook, make_run)]

    elements = {name for page in pages for name, _ in page.elements}
    attributes = {key for page in pages for _, given in page.elements for key in given}
    assert elements <= ELEMENTS
    assert attributes <= {"style", "title", "colspan"}
    assert all(EVIL in page.text for page in pages)
    assert [page.open for page in pages] == [[]] * len(pages)


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_comes_back_out_of_the_html(text, title):
    page = Page(render_html([Sentence(text=text), Table(columns=(Column(),), rows=((Cell(title=title),),))]))

    assert page.text == text.replace("\r\n", "\n").replace("\r", "\n") or page.text == text
    assert {name for name, _ in page.elements} <= {"div", "table", "tbody", "tr", "td"}


def test_pages_bring_no_background_style_sheet_or_script(notebook, make_run):
    for page in evil_pages(notebook, make_run):
        styles = [given["style"] for _, given in Page(page.html).elements if given.get("style")]

        assert all(
            "background" not in style.replace("background:none", "").replace("background:currentColor", "")
            for style in styles
        )


def test_no_control_character_reaches_a_terminal(notebook, make_run):
    bomb = "a\x1b[2Jb\x07"
    notebook.add(make_run(1, name=bomb, params={bomb: bomb}, tags={bomb: bomb}, run={"note": bomb}))

    pages = [
        show_runs(list_runs(notebook.store, RunFilter()), LOOK),
        show_run(list_runs(notebook.store, RunFilter()).branches[0].detail, LOOK),
        show_log([execution(bomb)], LOOK),
        show_sources([execution(bomb)], LOOK),
    ]

    assert all("\x1b" not in page.text and "\x07" not in page.text for page in pages)
    assert all("\\x1b[2J" in page.text for page in pages)


def test_list_shows_the_params_that_vary_and_names_the_constant_ones(notebook, make_run):
    for number, c in enumerate((0.1, 1.0)):
        notebook.add(make_run(number, params={"C": c, "seed": 42}, metrics={"test.accuracy": 0.8 + c / 100}))

    lines = show_runs(list_runs(notebook.store, RunFilter()), LOOK).text.splitlines()

    assert "test.accuracy ↑" in lines[1]
    assert " C" in lines[1]
    assert "seed" not in lines[1]
    assert "The same in all: seed=42" in lines
    assert "0.8010" in lines[3]


def test_list_says_status_in_words_and_when_in_both_ways(notebook, make_run):
    notebook.add(make_run(1, run={"status": RunStatus.FAILED, "failure": Failure(type="ValueError", message="NaN")}))

    shown = show_runs(list_runs(notebook.store, RunFilter()), LOOK)
    titles = [given.get("title") for _, given in Page(shown.html).elements]

    assert "✗ failed" in shown.text
    assert "59 min ago" in shown.text
    assert "2026-10-20 12:01:00 UTC" in titles
    assert "ValueError: NaN" in titles


def test_children_are_indented_and_beyond_five_the_best_are_listed(notebook, make_run):
    parent = notebook.add(make_run(0, name="search"))
    for number in range(1, 9):
        score = {"mean_test_score": number / 10}
        notebook.add(make_run(number, name=f"candidate-{number}", metrics=score, run={"parent_id": parent.run.run_id}))

    shown = show_runs(list_runs(notebook.store, RunFilter()), LOOK)

    listed = [line.split()[0] for line in shown.text.splitlines() if line.startswith("  candidate")]
    assert listed == [f"candidate-{number}" for number in (8, 7, 6, 5, 4)]
    assert "  … 3 more (listed are the best by mean_test_score): trackbook show 00000000" in shown.text


def test_list_that_is_cut_says_how_many_there_are_more(notebook, make_run):
    for number in range(5):
        notebook.add(make_run(number))

    shown = show_runs(list_runs(notebook.store, RunFilter(), limit=2), Look(now=NOON, command="%track"))

    assert "… 3 more: %track runs --all" in shown.text
    assert "… 3 more: %track runs --all" in Page(shown.html).text


def test_empty_list_says_how_to_go_on(notebook):
    assert "%load_ext trackbook" in show_runs(list_runs(notebook.store, RunFilter()), LOOK).text


def test_long_values_are_shortened_visibly_and_whole_where_it_says(notebook, make_run):
    long = "word " * 60 + "end"
    detail = notebook.add(make_run(1, params={"text": long}))

    listed = show_runs(list_runs(notebook.store, RunFilter()), LOOK)
    whole = show_run(detail, LOOK)

    assert "What ends in … is shortened; whole: trackbook show RUN" in listed.text
    assert long in [given.get("title") for _, given in Page(listed.html).elements]
    assert long in whole.text
    assert "hover over it, or trackbook show 00000001 --json" in Page(whole.html).text


@pytest.mark.parametrize("width", [20, 40, 60, 80, 120])
def test_text_keeps_within_the_terminal_and_loses_no_value(notebook, make_run, width):
    detail = notebook.add(make_run(1, params={"long": "abcdefghij" * 20}, metrics={"test.accuracy": 0.8125}))

    text = show_run(detail, Look(now=LOOK.now, width=width)).text

    assert max(map(len, text.splitlines())) <= width
    assert "abcdefghij" * 20 in "".join(text.split())
    assert "0.8125" in "".join(text.split())


def test_columns_without_room_are_named(notebook, make_run):
    for number in range(2):
        params = {f"parameter_{at}": number * at for at in range(1, 7)}
        notebook.add(make_run(number, params=params, metrics={"test.accuracy": number}))

    text = show_runs(list_runs(notebook.store, RunFilter()), Look(now=LOOK.now, width=80)).text

    assert "test.accuracy" in text.splitlines()[1]
    assert "No room for: " in text
    assert all(f"parameter_{at}" in text for at in range(1, 7))


def test_comparison_marks_the_best_and_the_difference(make_run):
    runs = [make_run(1, metrics={"accuracy": 0.8}), make_run(2, metrics={"accuracy": 0.9})]

    shown = show_comparison(compare(runs, {}), LOOK)

    assert next(line for line in shown.text.splitlines() if line.startswith("accuracy")).split() == [
        "accuracy", "↑", "0.8000", "0.9000", "+0.1", "★",
    ]  # fmt: skip
    assert "Differences are to calm-owl-1." in shown.text


def test_comparison_says_how_to_see_what_is_the_same(make_run):
    runs = [make_run(at, params={"C": at, "seed": 0}) for at in (1, 2)]

    short, whole = (show_comparison(compare(runs, {}), LOOK, is_whole=is_whole).text for is_whole in (False, True))

    assert "seed" not in short
    assert "1 row the same in all: trackbook compare --all 00000001 00000002" in short
    assert "seed" in whole


def test_comparison_never_shortens_a_difference_away(make_run):
    runs = [make_run(at, params={"text": "same beginning " * 5 + str(at)}) for at in (1, 2)]

    page = Page(show_comparison(compare(runs, {}), LOOK).html)

    assert "same beginning 1" in page.text
    assert "same beginning 2" in page.text


def test_log_says_how_many_executions_came_earlier():
    shown = show_log([execution(index=at) for at in range(1, 61)], LOOK)

    assert "… 10 earlier: trackbook log --all" in shown.text
    assert "In [11]" in shown.text
    assert "In [10]" not in shown.text


def test_log_shows_the_telling_line_and_sources_show_all():
    source = "# load it\ndf = read()\ndf.head()"
    failure = Failure(type="NameError", message="no read", traceback="Traceback:\nNameError: no read")
    cell = execution(source, outcome=Outcome.ERROR, failure=failure)

    assert "df = read()  +2 lines" in show_log([cell], LOOK).text
    assert "✗ NameError" in show_log([cell], LOOK).text
    assert source in show_sources([cell], LOOK).text
    assert "Traceback:\nNameError: no read" in show_sources([cell], LOOK).text


def test_notebook_gets_both_forms(notebook, make_run):
    notebook.add(make_run(1))

    shown = show_runs(list_runs(notebook.store, RunFilter()), LOOK)

    assert shown._repr_mimebundle_() == {"text/plain": shown.text, "text/html": shown.html}
    assert repr(shown) == shown.text


WORDS = st.text(st.characters(codec="ascii", categories=["L", "N"]), max_size=30)


@given(st.lists(st.lists(WORDS, min_size=3, max_size=3), max_size=4), st.integers(12, 60))
def test_any_table_fits_any_width_without_losing_a_word_of_the_columns_kept(rows, width):
    columns = (Column(title="A", is_kept=True, folds=True), Column(title="B"), Column(title="C", folds=True))
    table = Table(columns=columns, rows=tuple(tuple(Cell(text=text) for text in row) for row in rows))

    lines = render_text([table], width=width).splitlines()

    assert all(len(line) <= width for line in lines)
    assert all(len(row[0]) <= sum(line.count(letter) for line in lines for letter in set(row[0])) for row in rows)


def test_long_fractions_are_rounded_in_the_list_and_exact_in_the_run(notebook, make_run):
    for number in range(2):
        notebook.add(make_run(number, params={"rate": (number + 1) / 3}))

    listed = show_runs(list_runs(notebook.store, RunFilter()), LOOK)
    whole = show_run(list_runs(notebook.store, RunFilter()).branches[0].detail, LOOK)

    assert "0.666667" in listed.text
    assert repr(2 / 3) in [given.get("title") for _, given in Page(listed.html).elements]
    assert repr(2 / 3) in whole.text


def fitted(*defaults, kind="sklearn.svm.SVC", features=(), **details):
    """Return the models of a run that has one, which tells its defaults."""
    told = {"default_params": list(defaults), **details}
    return (Model(model_id=kind, name="m", class_name=kind, features=features, details=told),)


def test_list_has_no_column_for_what_nobody_chose(notebook, make_run):
    for number in range(2):
        params = {"C": number, "tol": number / 10}
        notebook.add(make_run(number, params=params, models=fitted("tol")))

    text = show_runs(list_runs(notebook.store, RunFilter()), LOOK).text

    assert " C" in text
    assert "tol" not in text


def test_list_shows_means_with_their_spread_and_no_folds(notebook, make_run):
    metrics = {"validation.r2": 0.5, "validation.r2.std": 0.125, "validation.r2.fold": 0.4}
    notebook.add(make_run(1, metrics=metrics))

    text = show_runs(list_runs(notebook.store, RunFilter()), LOOK).text

    assert "0.5000  ± 0.12" in text
    assert "fold" not in text
    assert "validation.r2.std" not in text


def test_list_has_a_metric_for_the_runs_of_every_group(notebook, make_run):
    parent = notebook.add(make_run(1, name="loop"))
    notebook.add(make_run(2, metrics={"test.r2": 0.25}, run={"parent_id": parent.run.run_id}))
    notebook.add(make_run(3, metrics={"test.accuracy": 0.75}))

    text = show_runs(list_runs(notebook.store, RunFilter()), LOOK).text

    assert "0.2500" in text
    assert "0.7500" in text
    assert "loop  1 run " in text


def test_list_says_what_repeating_showed_beside_the_status(notebook, make_run):
    notebook.add(make_run(1, tags={"nondeterministic": "the metric differs", "stage": "final"}))
    notebook.add(make_run(2, tags={"repeated": "2"}))

    text = show_runs(list_runs(notebook.store, RunFilter()), LOOK).text

    assert "✓ finished  nondeterministic" in text
    assert "✓ finished  repeated 2 times" in text
    assert "stage=final" in text
    assert "the metric differs" not in text


def test_run_folds_its_defaults_and_keeps_what_its_cells_write(make_run):
    params = {"C": 1.0, "gamma": 2.0, "tol": 0.1, "dual": False, "penalty": "l2"}
    detail = make_run(1, params=params, models=fitted("C", "tol", "dual", "penalty"))

    page = show_run(detail, LOOK, executions=[execution("SVC(C=C, gamma=2.0)")])

    assert "C      1.0" in page.text
    assert "3 params at the defaults (all: trackbook show 00000001 --json)" in page.text
    assert "penalty" not in page.text
    assert "tol=0.1, dual=False, penalty=l2" in Page(page.html).text


def test_notebook_is_told_how_to_see_all_in_python(make_run):
    detail = make_run(1, params={"a": 1, "b": 2, "c": 3}, models=fitted("a", "b", "c"))

    text = show_run(detail, Look(now=LOOK.now, command="%track")).text

    assert "(all: trackbook.get_run('00000001').params)" in text


def test_run_says_in_a_sentence_that_it_is_nondeterministic_and_repeated(make_run):
    detail = make_run(1, tags={"nondeterministic": "accuracy differs from calm-owl", "repeated": "1"})

    lines = show_run(detail, LOOK).text.splitlines()

    assert "Nondeterministic: accuracy differs from calm-owl." in lines
    assert "Repeated once with the same result." in lines


def test_failed_run_shows_the_first_line_of_its_error_and_folds_the_rest(make_run):
    failure = Failure(type="ValueError", message="Wrong names.\n- a\n- b", traceback="Traceback:\n  deep")
    detail = make_run(1, run={"status": RunStatus.FAILED, "failure": failure})

    page = show_run(detail, LOOK)

    assert "ValueError: Wrong names." in page.text.splitlines()
    assert "- a" not in page.text
    assert "trackbook log --run 00000001 --source" in page.text
    assert "Traceback:\n  deep" in Page(page.html).text


def test_killed_run_says_what_that_means(make_run):
    assert "Killed: " in show_run(make_run(1, run={"status": RunStatus.KILLED}), LOOK).text


def test_run_lists_the_folds_beside_their_mean(make_run):
    metrics = {"validation.r2": 0.5, "validation.r2.std": 0.125, "validation.r2.fold": 0.625}
    detail = make_run(1, metrics=metrics)
    points = [
        replace(detail.metrics["validation.r2.fold"], value=value, step=step)
        for step, value in enumerate((0.375, 0.625))
    ]
    detail = replace(detail, metrics={**detail.metrics, "validation.r2.fold": points[-1]})

    text = show_run(detail, LOOK, series={"validation.r2.fold": points}).text

    assert "validation.r2 ↑  0.5  ± 0.12  mean of 2 folds: 0.3750, 0.6250" in text


def test_many_features_are_counted_and_the_first_named(make_run):
    names = tuple(f"f{at}" for at in range(30))
    detail = make_run(1, models=fitted(features=names, n_features_in_=30))

    page = show_run(detail, LOOK)

    assert "30: f0, f1, f2, f3, f4, f5, f6, f7  +22" in page.text
    assert ", ".join(names) in [given.get("title") for _, given in Page(page.html).elements]


def test_search_is_told_with_what_it_searches_and_what_it_found(make_run):
    params = {"estimator": "Pipeline", "estimator__steps": [["scale", "StandardScaler"], ["svc", "SVC"]]}
    detail = make_run(1, params=params, models=fitted(kind="a.GridSearchCV", best_params_={"svc__C": 0.5}))

    text = show_run(detail, LOOK).text

    assert "GridSearchCV(SVC)  svc__C=0.5" in text
    assert "estimator__steps  StandardScaler → SVC" in text


def test_group_shows_its_runs_and_no_empty_sections(make_run):
    text = show_run(make_run(1), LOOK, children=[make_run(2, metrics={"r2": 0.5})]).text

    assert "Made of 1 run" in text
    assert "none" not in text


def test_group_shows_no_defaults_of_its_runs_that_another_run_tells(make_run):
    children = [make_run(at, params={"C": at, "tol": 0.1 * at}) for at in (2, 3)]
    witness = [make_run(at, params=each.params, models=fitted("tol")) for at, each in enumerate(children, 4)]

    text = show_run(make_run(1), LOOK, children=children, witnesses=witness).text

    assert " C" in text
    assert "tol" not in text


def test_comparison_of_two_kinds_of_model_begins_with_the_kinds_and_counts_the_defaults(make_run):
    runs = [
        make_run(1, params={"C": 2, "dual": False}, metrics={"r2": 0.5}, models=fitted("dual", kind="a.Logistic")),
        make_run(2, params={"depth": 3}, metrics={"r2": 0.25}, models=fitted(kind="a.Forest")),
    ]

    short, whole = (show_comparison(compare(runs, {}), LOOK, is_whole=is_whole).text for is_whole in (False, True))

    assert short.splitlines()[2].split() == ["Model", "Logistic", "Forest"]
    assert short.index("Metrics") < short.index("Params")
    assert "dual" not in short
    assert "1 differing default" in short
    assert "dual" in whole


def test_page_of_an_ordinary_run_is_small(make_run):
    defaults = {f"param_{at}": None for at in range(20)}
    packages = {f"package-{at}": "1.2.3" for at in range(150)}
    environment = Environment(
        environment_id="e", python="3.11", implementation="CPython", platform="L", machine="m", packages=packages
    )
    data = tuple(DatasetUse(name=f"X{at}", kind="pandas.DataFrame", fingerprint="f" * 64) for at in range(4))
    detail = make_run(
        1,
        params={"C": 1, **defaults},
        metrics={f"m{at}": at / 3 for at in range(3)},
        datasets=data,
        models=fitted(*defaults, features=tuple(f"feature {at}" for at in range(30))),
    )

    html = show_run(detail, LOOK, executions=[execution("model.fit(X, y)\n" * 10)], environment=environment).html

    assert len(html) < 20_000
    assert "package-149 1.2.3" in html


def test_list_in_a_cell_ends_with_where_all_runs_are(notebook, make_run, monkeypatch):
    monkeypatch.setattr("trackbook.display.runs.MOST_IN_CELL", 2)
    for number in range(3):
        notebook.add(make_run(number))
    tree = list_runs(notebook.store, RunFilter(), limit=2)

    in_cell = show_runs(tree, Look(command="%track")).text
    in_terminal = show_runs(tree, Look(command="trackbook")).text

    assert in_cell.endswith("… 1 more: trackbook.runs() has all")
    assert in_terminal.endswith("… 1 more: trackbook runs --all")


def test_numbers_line_up_where_only_some_have_an_aside():
    columns = (Column(title="name"), Column(title="mean", is_number=True))
    rows = ((Cell(text="a"), Cell(text="0.5", aside="± 1")), (Cell(text="b"), Cell(text="0.7")))

    lines = render_text([Table(columns=columns, rows=rows)]).splitlines()

    assert lines[1].index("0.5") == lines[2].index("0.7")


def test_row_that_must_fold_stands_in_the_columns_of_the_others():
    columns = (Column(title="name", is_kept=True), Column(title="long", is_kept=True, folds=True))
    rows = ((Cell(text="first"), Cell(text="short")), (Cell(text="second"), Cell(text="word " * 12)))

    lines = render_text([Table(columns=columns, rows=rows)], width=40).splitlines()

    assert {line.index("short") for line in lines if "short" in line} == {lines[2].index("word")}
    assert len(lines) == 4


def test_columns_of_a_narrow_window_give_up_room_alike():
    columns = tuple(Column(title=title, is_kept=True) for title in "abc")
    rows = (tuple(Cell(text=text) for text in ("x" * 20, "y" * 18, "z" * 4)),)

    lines = render_text([Table(columns=columns, rows=rows)], width=30).splitlines()

    assert len(lines) == 3  # each long one in two lines, the short one in one


def test_colours_change_no_character(notebook, make_run):
    notebook.add(make_run(1))
    tree = list_runs(notebook.store, RunFilter())

    coloured = show_runs(tree, Look(width=80, is_coloured=True)).text

    plain = re.sub("\x1b\\[[0-9;]*m", "", coloured).splitlines()
    assert "\x1b[32m✓\x1b[0m" in coloured
    assert [line.rstrip() for line in plain] == show_runs(tree, Look(width=80)).text.splitlines()


def test_run_tells_what_drew_without_a_seed(make_run):
    unseeded = ["train_test_split(random_state=None)", "numpy.random without a seed in cell 3"]

    shown = " ".join(show_run(make_run(1), unseeded=unseeded).text.split())

    assert (
        "Randomness came in without a seed: train_test_split(random_state=None); numpy.random in cell 3. "
        "Its numbers may differ each time." in shown
    )
    assert "Randomness" not in show_run(make_run(1)).text
