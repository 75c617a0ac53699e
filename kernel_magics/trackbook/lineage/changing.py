"""Whether a statement changes a value in place, as far as its text tells.

What a cell truly changed is known by comparing values before and after it. Of a value that was made in the same cell
there is no before: then every statement that hands it to a call may have changed it, and only the text tells which of
them is likely to have.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from enum import Enum
from functools import lru_cache

from trackbook.lineage.code import names_in, parsed, stored_in

_CHANGING_TEXT = """
add append clear discard eval extend fill fit fit_predict fit_transform insert itemset load_state_dict partial_fit pop
popitem put remove resize reverse set set_params setdefault shuffle sort step train update write zero_grad
"""
_READING_TEXT = """
abs add_prefix add_suffix agg aggregate all any apply applymap argmax argmin argsort assign astype at_time autocorr
between bfill clip compress conj copy corr corrwith count cov crosstab cumcount cummax cummin cumprod cumsum
decision_function describe diff difference dim div divide dot drop drop_duplicates droplevel dropna dtypes duplicated
endswith eq equals ewm expanding explode factorize ffill fillna filter first flatten format ge get get_group groupby
gt head hist idxmax idxmin index info interpolate intersection isdisjoint isin isna isnull issubset issuperset item
items iterrows itertuples join keys kurt kurtosis last le lower lt map max mean median melt memory_usage merge min
mode mul multiply ne ngroup nlargest nonzero notna notnull nsmallest nth nunique pct_change pivot pivot_table plot pow
predict predict_log_proba predict_proba quantile query rank ravel reindex rename replace resample reset_index reshape
rolling round sample score score_samples searchsorted select select_dtypes sem set_index shift size skew sort_index
sort_values split squeeze stack startswith std strip sub subtract sum swapaxes symmetric_difference tail take to_csv
to_dict to_excel to_frame to_json to_list to_numpy to_parquet to_pickle toarray tocsc tocsr todense tolist trace
transform transpose truediv union unique unstack upper value_counts values var where xs
"""
_LIBRARIES_TEXT = """
sklearn numpy pandas scipy matplotlib seaborn plotly polars statsmodels joblib IPython trackbook
"""
_BUILTINS_TEXT = """
abs all any bool bytes dict display divmod enumerate float format frozenset getattr hasattr hash id int isinstance
issubclass len list max min print range repr reversed round set sorted str sum tuple type zip
"""
_MAKING_PLAIN = frozenset({"bool", "float", "format", "hash", "int", "len", "repr", "round", "str"})
_BOOSTING = frozenset({"xgboost", "lightgbm", "catboost"})
_RECORDING = ("evals_result", "record_evaluation")
"""The argument, and the function, of boosting libraries into whose dict they write what they measure."""
_CHANGING_METHODS = frozenset(_CHANGING_TEXT.split())
_READING_METHODS = frozenset(_READING_TEXT.split())
_LIBRARIES = frozenset(_LIBRARIES_TEXT.split())
_BUILTINS = frozenset(_BUILTINS_TEXT.split())
_PROTOCOL = frozenset({"fit", "partial_fit", "fit_predict", "fit_transform", *_READING_METHODS})
ModuleOf = Callable[[str], str | None]
"""Gives the module that a name was imported from."""


class Effect(Enum):
    """What a statement does to the value of a name: makes it, changes it, may change it, only reads it."""

    MAKES = "makes"
    CHANGES = "changes"
    MAY_CHANGE = "may change"
    READS = "reads"


def effect_on(name: str, text: str, module_of: ModuleOf) -> Effect:
    """Return what a statement does to the value of a name, by its text."""
    tree = parsed(text)
    if tree is None or name in stored_in(text):
        return Effect.MAKES
    effects = list(_effects(name, tree, module_of))
    for effect in (Effect.CHANGES, Effect.MAY_CHANGE):
        if effect in effects:
            return effect
    is_seen = effects or name in names_in(text)  # else what it calls has to do with the name
    return Effect.READS if is_seen else Effect.MAY_CHANGE


def _effects(name: str, tree: ast.AST, module_of: ModuleOf) -> Iterator[Effect]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript | ast.Attribute) and _owner(node) == name:
            yield Effect.READS if isinstance(node.ctx, ast.Load) else Effect.CHANGES
        if isinstance(node, ast.Call):
            yield from _effects_of_call(name, node, module_of)


def _effects_of_call(name: str, call: ast.Call, module_of: ModuleOf) -> Iterator[Effect]:
    function = call.func
    if isinstance(function, ast.Attribute) and _owner(function) == name:
        yield _effect_of_method(function.attr, call)
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    shuffled = call.args[:1] if isinstance(function, ast.Attribute) and function.attr == "shuffle" else ()
    if any(_owner(each) == name for each in (*recorded_into(call), *shuffled)):
        yield Effect.CHANGES
    elif any(_hands_over(argument, name) for argument in given):
        yield Effect.READS if _only_reads(function, module_of) else Effect.MAY_CHANGE


def makes_plain(name: str, text: str) -> bool:
    """Return whether a statement gives a name a number, a text, None, or a tuple of such: nothing can change these."""
    for node in ast.walk(parsed(text) or ast.Module([], [])):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        is_given = any(isinstance(each, ast.Name) and each.id == name for each in targets)
        if is_given and isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr):
            return node.value is not None and _is_plain(node.value)
    return False


def _is_plain(value: ast.expr) -> bool:
    match value:
        case ast.Constant() | ast.JoinedStr() | ast.UnaryOp(op=ast.Not()):
            return True
        case ast.Call(func=ast.Name(id=function)):
            return function in _MAKING_PLAIN or function.endswith(("_score", "_error"))
        case ast.UnaryOp(operand=inner):
            return _is_plain(inner)
        case ast.BinOp():
            return _is_plain(value.left) and _is_plain(value.right)
        case ast.IfExp():
            return _is_plain(value.body) and _is_plain(value.orelse)
        case ast.Tuple():
            return all(map(_is_plain, value.elts))
    return False


def recorded_into(call: ast.Call) -> Iterator[ast.expr]:
    """Yield the arguments of a call that it only writes into: ``evals_result=history``."""
    yield from (keyword.value for keyword in call.keywords if keyword.arg in _RECORDING)
    if isinstance(call.func, ast.Attribute | ast.Name) and ast.unparse(call.func).rpartition(".")[2] in _RECORDING:
        yield from call.args


@lru_cache(maxsize=4096)
def only_recorded_into(text: str) -> frozenset[str]:
    """Return the names in a statement that it only writes into, and that so are no input of what it makes."""
    tree = parsed(text) or ast.Module([], [])
    into = [_owner(each) for node in ast.walk(tree) if isinstance(node, ast.Call) for each in recorded_into(node)]
    if not into:
        return frozenset()
    loaded = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)]
    return frozenset(name for name in into if name is not None and loaded.count(name) == into.count(name))


def _effect_of_method(method: str, call: ast.Call) -> Effect:
    in_place = (keyword.value for keyword in call.keywords if keyword.arg in ("inplace", "copy"))
    if method in _CHANGING_METHODS or any(isinstance(each, ast.Constant) and each.value is True for each in in_place):
        return Effect.CHANGES
    return Effect.READS if method in _READING_METHODS else Effect.MAY_CHANGE


def _hands_over(argument: ast.expr, name: str) -> bool:
    """Return whether an argument is the value itself, or holds it; what is computed from it is another value."""
    if isinstance(argument, ast.Starred):
        return _hands_over(argument.value, name)
    if isinstance(argument, ast.List | ast.Tuple | ast.Set):
        return any(_hands_over(each, name) for each in argument.elts)
    if isinstance(argument, ast.Dict):
        return any(_hands_over(each, name) for each in argument.values)
    return isinstance(argument, ast.Name | ast.Attribute | ast.Subscript) and _owner(argument) == name


def _only_reads(function: ast.expr, module_of: ModuleOf) -> bool:
    """Return whether a function is known to leave its arguments alone."""
    root = _root(function)
    library = ((module_of(root) if root else None) or "").partition(".")[0]
    if library in _BOOSTING:
        return True
    if isinstance(function, ast.Name):
        return library in _LIBRARIES if library else function.id in _BUILTINS
    if isinstance(function, ast.Attribute):
        if library in _LIBRARIES:
            return function.attr in _PROTOCOL or function.attr not in _CHANGING_METHODS
        return function.attr in _PROTOCOL or function.attr in ("append", "add", "update", "extend")
    return False


def _owner(node: ast.AST) -> str | None:
    """Return the name that an attribute or item is reached from; what a call returns is another value."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _root(node: ast.AST) -> str | None:
    """Return the name that a chain of attributes, items and calls begins with."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None
