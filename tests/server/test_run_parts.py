"""What a run is made of: points, cells, lineage, environment, the notebook that makes it again."""

from __future__ import annotations

import nbformat
from trackbook.store import RunFilter, Store

from .conftest import Ask
from .work import Work


async def test_points_are_thinned_with_their_ends_and_extremes(ask: Ask, work: Work) -> None:
    answer = await ask("GET", "/runs/by-hand/metrics", keys="gap,loss", most=100)

    gap, loss = answer.json["series"]
    assert (gap["key"], gap["total"], loss["total"]) == ("gap", 3000, 3000)
    assert len(gap["points"]) <= 100
    assert (loss["points"][0]["step"], loss["points"][-1]["step"]) == (0, 2999)
    assert {0, 6} <= {point["value"] for point in gap["points"]}


async def test_few_points_come_as_they_are(ask: Ask) -> None:
    answer = await ask("GET", "/runs/by-hand/metrics", keys="gap", most=3000)

    values = [point["value"] for point in answer.json["series"][0]["points"]]
    assert len(values) == 3000
    assert values[9:13] == [2, "NaN", "Infinity", 5]


async def test_all_metrics_are_given_where_none_is_named_and_unknown_ones_refused(ask: Ask) -> None:
    every = await ask("GET", "/runs/by-hand/metrics", most=4)
    unknown = await ask("GET", "/runs/by-hand/metrics", keys="loss,nothing")
    too_few = await ask("GET", "/runs/by-hand/metrics", most=1)

    assert {each["key"]: len(each["points"]) for each in every.json["series"]} == {"gap": 4, "loss": 4}
    assert (unknown.status, too_few.status) == (404, 400)
    assert "'nothing'" in unknown.json["message"]


async def test_why_leads_from_a_metric_to_cells_of_the_notebook(ask: Ask, work: Work) -> None:
    answer = await ask("GET", f"/runs/{work.first}/why", subject="accuracy")

    nodes = {node["id"]: node for node in answer.json["nodes"]}
    cells = {node["cell_id"] for node in nodes.values()}
    assert nodes[answer.json["root"]]["label"].endswith("accuracy")
    assert {"cell-data", "cell-choice", "cell-fit", "cell-score"} <= cells
    assert all(edge["from"] in nodes and edge["to"] in nodes for edge in answer.json["edges"])
    assert (await ask("GET", f"/runs/{work.first}/why", subject="nothing")).status == 404


async def test_cells_come_in_order_with_what_they_showed(ask: Ask, work: Work) -> None:
    answer = await ask("GET", f"/runs/{work.first}/executions")

    executions = answer.json["executions"]
    cells = [each["cell_id"] for each in executions]
    assert [cell for cell in cells if cell != "cell-import"] == [
        f"cell-{name}" for name in ("data", "choice", "fit", "score", "shown")
    ]
    shown = [part["media_type"] for output in executions[-1]["outputs"] for part in output["parts"]]
    assert {"image/png", "text/html", "image/svg+xml"} <= {*shown}
    assert executions[-1]["source"].strip().startswith("from IPython.display")
    assert executions[-1]["count"]
    assert "cpu_seconds" in executions[-1]["resources"]


async def test_failure_of_a_cell_is_told(ask: Ask, work: Work) -> None:
    answer = await ask("GET", f"/runs/{work.failed}/executions")

    failures = [each["failure"] for each in answer.json["executions"] if each["failure"]]
    assert failures[0]["type"] == "ValueError"
    assert "too bad" in failures[0]["message"]


async def test_environment_names_python_and_packages(ask: Ask, work: Work) -> None:
    answer = await ask("GET", f"/runs/{work.first}/environment")

    assert answer.json["python"].startswith("3.")
    assert "scikit-learn" in answer.json["packages"]


async def test_slice_is_a_notebook_that_can_be_saved(ask: Ask, work: Work) -> None:
    answer = await ask("GET", f"/runs/{work.first}/slice")

    sliced = answer.json
    nbformat.validate(sliced["notebook"])
    assert sliced["name"].endswith(".ipynb")
    assert sliced["params"]["C"] == 0.1
    assert sliced["statements"] < sliced["of_statements"]
    sources = "\n".join(cell["source"] for cell in sliced["notebook"]["cells"])
    assert "accuracy_score(" in sources
    assert "display(" not in sources
    assert (await ask("GET", f"/runs/{work.first}/slice", data="elsewhere")).status == 400


async def test_what_never_changes_is_not_sent_twice(ask: Ask, work: Work) -> None:
    for path in ("executions", "environment", "metrics", "why"):
        first = await ask("GET", f"/runs/{work.first}/{path}")
        again = await ask("GET", f"/runs/{work.first}/{path}", headers={"If-None-Match": first.headers["Etag"]})
        other = await ask("GET", f"/runs/{work.second}/{path}", headers={"If-None-Match": first.headers["Etag"]})

        assert (first.status, again.status, other.status) == (200, 304, 200), path
        assert again.content == b""


async def test_changed_run_is_sent_anew_and_the_same_one_not(ask: Ask, work: Work, store: Store) -> None:
    noted = await ask("GET", f"/runs/{work.first}")
    await ask("PATCH", f"/runs/{work.first}", {"tags": {"seen": "once"}})
    changed = await ask("GET", f"/runs/{work.first}", headers={"If-None-Match": noted.headers["Etag"]})
    same = await ask("GET", f"/runs/{work.first}", headers={"If-None-Match": changed.headers["Etag"]})

    assert (changed.status, changed.json["tags"]["seen"]) == (200, "once")
    assert same.status == 304
    assert store.runs(RunFilter(tagged="seen"))[0].run.run_id == work.first
