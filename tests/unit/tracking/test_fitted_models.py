"""The models of runs, page by page, and one of them published."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from trackbook.errors import AmbiguousError, NotFoundError
from trackbook.records import Model, RunDetail
from trackbook.tracking.fitted_models import fitted_model, fitted_models, publish_fitted

from tests.unit.conftest import Notebook

Make = Callable[..., RunDetail]
FOREST = "sklearn.ensemble._forest.RandomForestClassifier"


def model(number: int, name: str = "model", class_name: str = FOREST, **rest: Any) -> Model:
    return Model(model_id=f"m{number}", name=name, class_name=class_name, **rest)


def test_pages_turn_by_runs_and_never_part_the_models_of_one(notebook: Notebook, make_run: Make) -> None:
    notebook.add(make_run(1, models=(model(1), model(2, "other"))))
    notebook.add(make_run(2))
    notebook.add(make_run(3, models=(model(3),)))

    first, second = (fitted_models(notebook.store, limit=1, offset=offset) for offset in (0, 1))

    assert [each.model.model_id for each in first.models] == ["m3"]
    assert [each.model.model_id for each in second.models] == ["m1", "m2"]
    assert (first.total, second.total) == (2, 2)


def test_name_is_looked_for_in_models_and_classes(notebook: Notebook, make_run: Make) -> None:
    notebook.add(make_run(1, models=(model(1, "clf"), model(2, "tree", "sklearn.tree._classes.DecisionTree"))))

    assert [each.model.name for each in fitted_models(notebook.store, name="FOREST").models] == ["clf"]
    assert [each.model.name for each in fitted_models(notebook.store, name="tree").models] == ["tree"]
    assert fitted_models(notebook.store, name="svm").total == 0


def test_model_is_found_by_its_id_or_its_only_name(notebook: Notebook, make_run: Make) -> None:
    detail = notebook.add(make_run(1, models=(model(1), model(2), model(3, "other"))))

    assert fitted_model(notebook.store, detail, "m2").model.model_id == "m2"
    assert fitted_model(notebook.store, detail, "other").model.model_id == "m3"
    with pytest.raises(AmbiguousError, match="m1, m2"):
        fitted_model(notebook.store, detail, "model")
    with pytest.raises(NotFoundError, match="Its models: model, model, other"):
        fitted_model(notebook.store, detail, "nope")


def test_published_model_is_the_kept_file_and_one_version_however_often(notebook: Notebook, make_run: Make) -> None:
    digest = notebook.store.put_object(b"the file")
    detail = notebook.add(make_run(1, models=(model(1, object_digest=digest),)))
    fitted = fitted_model(notebook.store, detail, "model")

    versions = [publish_fitted(notebook.store, fitted, "iris") for _ in range(2)]

    assert [(each.version, each.snapshot_id, each.run_id) for each in versions] == 2 * [(1, digest, detail.run.run_id)]
    again = fitted_model(notebook.store, detail, "model")
    assert (again.size, [each.version for each in again.published]) == (len(b"the file"), [1])


def test_model_that_is_not_kept_can_not_be_published(notebook: Notebook, make_run: Make) -> None:
    detail = notebook.add(make_run(1, models=(model(1),)))
    fitted = fitted_model(notebook.store, detail, "model")

    assert fitted.size is None
    with pytest.raises(NotFoundError, match="can't be published"):
        publish_fitted(notebook.store, fitted, "iris")
