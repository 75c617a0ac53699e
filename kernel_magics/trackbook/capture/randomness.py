"""Where randomness comes in without a seed, as far as the code of a statement shows it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

_UNSEEDED_WITHOUT_ARGUMENTS = frozenset({"default_rng", "RandomState", "SeedSequence", "Random", "SystemRandom"})
_TAKE_RANDOM_STATE = frozenset(
    {
        "make_classification", "make_regression", "make_blobs", "make_moons", "make_circles", "make_friedman1",
        "make_gaussian_quantiles", "make_multilabel_classification", "make_hastie_10_2", "make_swiss_roll",
        "make_s_curve", "resample", "shuffle", "sample",
    }
)  # fmt: skip
_SHUFFLERS = frozenset({"KFold", "StratifiedKFold", "StratifiedGroupKFold"})
_ALWAYS_SHUFFLE = frozenset({"ShuffleSplit", "StratifiedShuffleSplit", "GroupShuffleSplit"})
_NAMES = re.compile(
    "|".join(sorted({*_UNSEEDED_WITHOUT_ARGUMENTS, *_TAKE_RANDOM_STATE, *_SHUFFLERS, *_ALWAYS_SHUFFLE}))
)
_SEEDS = frozenset({"random_state", "seed", "rng"})


def may_draw(source: str) -> bool:
    """Return whether `unseeded_calls` may find something in a source."""
    return _NAMES.search(source) is not None


def unseeded_calls(statement: ast.stmt) -> Iterator[str]:
    """Yield the calls of a statement that draw without a seed, as a person would name them: ``default_rng()``.

    Of a branch or a loop only those of its header: the statements beneath it stand for themselves.
    """
    for node in _own_nodes(statement):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        given = {keyword.arg: keyword.value for keyword in node.keywords}
        if None in given or any(name in _SEEDS and not _is_none(value) for name, value in given.items() if name):
            continue
        if name in _UNSEEDED_WITHOUT_ARGUMENTS and not node.args and not given:
            yield f"{name}()"
        elif (
            (name in _TAKE_RANDOM_STATE and _is_library_call(node))
            or name in _ALWAYS_SHUFFLE
            or (name in _SHUFFLERS and _is_true(given.get("shuffle")))
        ):
            yield f"{name}(random_state=None)"


def _own_nodes(statement: ast.stmt) -> Iterator[ast.AST]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield from ast.walk(statement)
        return
    for child in ast.iter_child_nodes(statement):
        if not isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
            yield from ast.walk(child)


def _is_library_call(node: ast.Call) -> bool:
    """Leave out what has its generator before the dot (``rng.shuffle(x)``) or another meaning (``random.sample``)."""
    if not isinstance(node.func, ast.Attribute):
        return True
    owner = node.func.value
    return node.func.attr == "sample" and not (isinstance(owner, ast.Name) and owner.id in ("random", "rng", "np"))


def _is_true(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Constant) and value.value is True


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None
