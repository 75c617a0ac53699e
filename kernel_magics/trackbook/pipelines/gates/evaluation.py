"""What a metric of a run was measured on: the truth and the predictions, made again and held against the record.

A run does not say which table was the truth and which method of which model predicted. They are found by trying: what
gives the very value that is on record is what was measured; if nothing does, it isn't known.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trackbook.capture.quiet import quiet
from trackbook.errors import InvalidValueError, NotFoundError
from trackbook.lineage.segments import statement_text
from trackbook.pipelines.gates.measure import Measure, measures_for, role_of
from trackbook.records import DatasetUse, JsonValue, Origin, OriginKind, RunDetail
from trackbook.store.contract import Store
from trackbook.tracking.kept_models import UntrustedModelError, load_model

_RELATIVE, _ABSOLUTE = 1e-9, 1e-12
_POSITIVE = "predict_proba[:, 1]"
_METHODS = ("predict", "predict_proba", "decision_function")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """A metric's truth and predictions, row by row, with what they were made of.

    `inputs` are the rows that were predicted, `model` and `method` what predicted them; None where the predictions
    themselves were kept.
    """

    run: RunDetail
    truth_use: DatasetUse
    truth: Any
    predicted: Any
    measure: Measure
    inputs: DatasetUse | None = None
    model: Any = None
    method: str = ""

    @property
    def rows(self) -> int:
        """How many rows were measured."""
        return len(self.truth)

    def is_on_rows_of(self, other: Evaluation) -> bool:
        """Return whether both were measured on the same truth, row by row."""
        one, two = self.truth_use, other.truth_use
        return one.snapshot_id == two.snapshot_id or (
            one.fingerprint is not None and one.fingerprint == two.fingerprint
        )


class NotKnownError(Exception):
    """What a metric was measured on can't be told; the message says why, `untrusted` what a model holds besides."""

    def __init__(self, message: str, untrusted: Collection[str] = ()) -> None:
        super().__init__(message)
        self.untrusted = tuple(untrusted)


def evaluation_of(store: Store, run: RunDetail, key: str, trust: Collection[str] = ()) -> Evaluation:
    """Return what a metric of a run was measured on.

    Parameters
    ----------
    trust
        Types that models may hold beside those that skops trusts.

    Raises
    ------
    NotKnownError
        If the tables or the model are not kept, or nothing of them gives the value that is on record.
    """
    origins = [each for each in store.origins(run.run.run_id) if each.kind is OriginKind.METRIC and each.key == key]
    measures = list(measures_for(key, _written_options(store, run, origins, key)))
    if not measures:
        raise NotKnownError(f"'{key}' is no metric of scikit-learn's, so it can't be computed again")
    tables = _Tables(store, run, key, [name for each in origins for name in each.names])
    models = _models(store, run, trust)
    expected = run.metrics[key].value
    for found in tables.candidates(models):
        for measure in measures:
            value = measure(found.truth, found.predicted)
            if value is not None and math.isclose(value, expected, rel_tol=_RELATIVE, abs_tol=_ABSOLUTE):
                return Evaluation(
                    run=run,
                    truth_use=found.truth_use,
                    truth=found.truth,
                    predicted=found.predicted,
                    measure=measure,
                    inputs=found.inputs,
                    model=found.model,
                    method=found.method,
                )
    raise NotKnownError(
        tables.reason or models.reason or f"what is kept of {run.run.name} does not give its {key} again",
        models.untrusted,
    )


def predictions_on(store: Store, evaluation: Evaluation, inputs: DatasetUse) -> Any:
    """Return what the model of an evaluation predicts of other rows.

    Raises
    ------
    NotKnownError
        If it can't predict them.
    """
    name = evaluation.run.run.name
    if evaluation.model is None:
        raise NotKnownError(f"only predictions are kept of {name}, on other rows")
    mine, theirs = evaluation.inputs, inputs
    if mine is not None and [each.name for each in mine.columns] != [each.name for each in theirs.columns]:
        raise NotKnownError(f"the model of {name} takes other columns, and was measured on other rows")
    predicted = dict(_outputs(evaluation.model, store.get_table(inputs.snapshot_id or ""))).get(evaluation.method)
    if predicted is None:
        raise NotKnownError(f"the model of {name} can't predict {theirs.name}")
    return predicted


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    truth_use: DatasetUse
    truth: Any
    predicted: Any
    inputs: DatasetUse | None = None
    model: Any = None
    method: str = ""


@dataclass(frozen=True, slots=True)
class _Models:
    loaded: Sequence[Any]
    reason: str = ""
    untrusted: Sequence[str] = ()


class _Tables:
    """The tables that a metric may have been measured on.

    Parameters
    ----------
    names
        The names that flowed into the metric; tables of these names come first.
    """

    def __init__(self, store: Store, run: RunDetail, key: str, names: Sequence[str]) -> None:
        self._store = store
        self._content: dict[str, Any] = {}
        role = role_of(key)
        uses = [use for use in run.datasets if role is None or use.role in (role, None)]
        self._uses = sorted((use for use in uses if use.snapshot_id), key=lambda use: use.name not in names)
        self.reason = ""
        if not self._uses:
            lost = (
                f"no table of {run.run.name} is kept" if uses else f"{run.run.name} has no {role or ''} data on record"
            )
            self.reason = " ".join(lost.split())

    def candidates(self, models: _Models) -> Iterator[_Candidate]:
        """Yield truths with predictions of as many rows: those of models first, then those that were kept."""
        for truth_use in self._uses:
            truth = _column(self._table(truth_use))
            if truth is None:
                continue
            others = [use for use in self._uses if use is not truth_use and use.rows == truth_use.rows]
            for inputs in others:
                table = self._table(inputs)
                for model in models.loaded if table is not None else ():
                    for method, predicted in _outputs(model, table):
                        yield _Candidate(
                            truth_use=truth_use,
                            truth=truth,
                            predicted=predicted,
                            inputs=inputs,
                            model=model,
                            method=method,
                        )
            for kept in others:
                predicted = _values(self._table(kept))
                if predicted is not None and kept.fingerprint != truth_use.fingerprint:
                    yield _Candidate(truth_use=truth_use, truth=truth, predicted=predicted)

    def _table(self, use: DatasetUse) -> Any:
        snapshot_id = use.snapshot_id or ""
        if snapshot_id not in self._content:
            try:
                self._content[snapshot_id] = self._store.get_table(snapshot_id)
            except NotFoundError as error:
                self._content[snapshot_id], self.reason = None, str(error).rstrip(".")
        return self._content[snapshot_id]


def _models(store: Store, run: RunDetail, trust: Collection[str]) -> _Models:
    loaded: list[Any] = []
    reasons: list[str] = []
    untrusted: list[str] = []
    for model in run.models:
        try:
            loaded.append(load_model(store, model, trust).value)
        except UntrustedModelError as error:
            reasons.append(f"the model of {run.run.name} is loaded only if you trust it")
            untrusted += error.types
        except (InvalidValueError, NotFoundError) as error:
            reasons.append(str(error).rstrip("."))
    return _Models(loaded, "; ".join(dict.fromkeys(reasons)), untrusted)


def _outputs(model: Any, table: Any) -> Iterator[tuple[str, Any]]:
    """Yield what a model says of some rows, by the method."""
    import numpy as np

    for method in _METHODS:
        predict = getattr(model, method, None)
        if predict is None:
            continue
        try:
            with quiet():
                values = np.asarray(predict(table))
        except Exception:  # noqa: BLE001  these rows are not for this model, which may raise anything then
            continue
        if method == "predict_proba" and values.ndim == 2 and values.shape[1] == 2:
            yield _POSITIVE, values[:, 1]
        yield method, values


def _values(table: Any) -> Any:
    """Return a table's numbers or labels as an array, None of what has none such as a sparse matrix."""
    import numpy as np

    if table is None or hasattr(table, "tocsr"):
        return None
    values = np.asarray(table)
    return values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values


def _column(table: Any) -> Any:
    values = _values(table)
    return values if values is not None and values.ndim == 1 else None


def _written_options(store: Store, run: RunDetail, origins: Sequence[Origin], key: str) -> dict[str, JsonValue]:
    """Return the options that the code which measured a metric gave by name, where they are constants or params."""
    found: dict[str, JsonValue] = {}
    for origin in origins:
        for execution in store.executions(ids=[origin.source.execution_id]):
            if origin.source.statement < len(execution.statements):
                text = statement_text(execution, execution.statements[origin.source.statement])
                found |= _options_in(text, run.params)
    return found


def _options_in(text: str, params: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    try:
        tree = ast.parse(text.strip())
    except SyntaxError:
        return {}
    found: dict[str, JsonValue] = {}
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        for keyword in call.keywords:
            if keyword.arg is not None and isinstance(keyword.value, ast.Constant):
                found[keyword.arg] = keyword.value.value  # type: ignore[assignment]  # bytes and ellipses fit no option
            elif keyword.arg is not None and isinstance(keyword.value, ast.Name) and keyword.value.id in params:
                found[keyword.arg] = params[keyword.value.id]
    return found
