"""Where randomness comes in without a seed, as far as the code of a statement shows it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

_MADE_WITH_A_SEED = frozenset(
    {"default_rng", "RandomState", "SeedSequence", "Random", "PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64", "seed"}
)
_NEVER_SEEDED = frozenset({"SystemRandom", "urandom", "uuid1", "uuid4", "randbelow", "token_bytes", "token_hex"})
_CLOCKS = frozenset({"time", "time_ns", "perf_counter", "monotonic", "now", "today", "getpid"})
_TAKE_RANDOM_STATE = frozenset(
    {
        "make_classification", "make_regression", "make_blobs", "make_moons", "make_circles", "make_friedman1",
        "make_gaussian_quantiles", "make_multilabel_classification", "make_hastie_10_2", "make_swiss_roll",
        "make_s_curve", "resample", "shuffle", "sample",
    }
)  # fmt: skip
_SHUFFLERS = frozenset({"KFold", "StratifiedKFold", "StratifiedGroupKFold"})
_ALWAYS_SHUFFLE = frozenset(
    {"ShuffleSplit", "StratifiedShuffleSplit", "GroupShuffleSplit", "RepeatedKFold", "RepeatedStratifiedKFold"}
)
_NAMES = re.compile(
    "|".join(sorted({*_MADE_WITH_A_SEED, *_NEVER_SEEDED, *_TAKE_RANDOM_STATE, *_SHUFFLERS, *_ALWAYS_SHUFFLE}))
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
        if name in _NEVER_SEEDED or (name in _MADE_WITH_A_SEED and _has_no_fixed_seed(node, name)):
            yield f"{name}({', '.join(map(ast.unparse, node.args))})"
        elif None in given or any(name in _SEEDS and not _is_none(value) for name, value in given.items() if name):
            continue
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


def _has_no_fixed_seed(node: ast.Call, name: str) -> bool:
    """Return whether what is made with a seed gets none, None, or one that differs each time."""
    if name == "seed" and not ast.unparse(node.func).endswith("random.seed"):
        return False
    given = [*node.args, *(keyword.value for keyword in node.keywords)]
    if any(isinstance(value, ast.Starred) for value in node.args) or any(each.arg is None for each in node.keywords):
        return False
    calls = (each.func for value in given for each in ast.walk(value) if isinstance(each, ast.Call))
    names = {call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "") for call in calls}
    return all(map(_is_none, given)) or not names.isdisjoint(_CLOCKS | _NEVER_SEEDED)


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
