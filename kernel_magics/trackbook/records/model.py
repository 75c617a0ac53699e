"""A fitted model's description, and where the model itself is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from trackbook.records.values import JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What a run fitted.

    `name` is the name it had in the notebook, `class_name` its full class
    (``sklearn.linear_model._logistic.LogisticRegression``), `signature` the inputs and outputs, `features` the feature
    names, `importances` and `coefficients` numbers by feature where the model has them. `object_digest` names the
    object with the model (a skops file), `example_snapshot` a snapshot of inputs that it can be tried with.
    """

    model_id: str
    name: str
    class_name: str
    signature: Mapping[str, JsonValue] = field(default_factory=dict)
    features: tuple[str, ...] = ()
    importances: Mapping[str, float] = field(default_factory=dict)
    coefficients: Mapping[str, JsonValue] = field(default_factory=dict)
    details: Mapping[str, JsonValue] = field(default_factory=dict)
    object_digest: str | None = None
    example_snapshot: str | None = None
