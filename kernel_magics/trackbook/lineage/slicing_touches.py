"""Which names' values a statement changes in place, by its text: surely, perhaps, or surely not.

What a cell truly changed is on record for names that came from before it; this decides which of its statements did it,
and stands alone for what was made in the same cell.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from trackbook.lineage.slicing_scope import DRAWING, Scope, is_library, running

_CHANGING_TEXT = """
add append appendleft backward clear close commit compile_ cuda detach_ discard emit eval execute executemany
executescript extend extendleft fill fit fit_generator fit_predict fit_transform from_pretrained insert insort itemset
load_state_dict load_weights mkdir move_to_end next partial_fit partition pop popitem popleft put read readline
readlines readinto register register_forward_hook remove resize reverse rotate seek seed send set set_params
setdefault setflags shuffle sort step train train_on_batch truncate update write writelines writerow writerows
zero_grad heappush heappop heapify put_along_axis place putmask copyto fill_diagonal at get_nowait
"""
_READING_TEXT = """
abs agg aggregate all any apply applymap argmax argmin argsort array asarray assign astype bfill boxplot capitalize
clip coef_ copy corr count cov cross_val_score crosstab cummax cummin cumprod cumsum cut decision_function describe
diff dot drop drop_duplicates dropna dtypes duplicated endswith eq exp expanding explode ffill fillna filter first
flatten floor format ge get_dummies get_params group groupby gt head hist hstack idxmax idxmin index info isalpha
isdigit isin isna isnull items iterrows itertuples join keys kneighbors last le linspace ln log lower lstrip lt map
mask max mean median melt memory_usage merge min mode ndim ne nlargest notna notnull nsmallest nunique pad partition_
pct_change pipe pivot pivot_table plot predict predict_log_proba predict_proba prod qcut quantile query rank ravel
reindex rename replace reset_index reshape resample rolling round rsplit rstrip sample score score_samples
select_dtypes sem set_index shape shift skew sort_index sort_values split squeeze stack startswith std str strftime
strip style sub sum swapaxes tail take title to_csv to_dict to_excel to_frame to_json to_list to_numpy to_parquet
to_period to_string to_timestamp tolist toarray todense transform transpose unique unstack upper value_counts values
var vstack where xs zfill zip
"""
_PURE_BUILTINS_TEXT = """
abs all any ascii bin bool bytes callable chr complex dict display divmod enumerate filter float format frozenset
getattr hasattr hash hex id input int isinstance issubclass len list map max memoryview min object oct ord pow print
property range repr reversed round set slice sorted staticmethod str sum super tuple type zip
"""
CHANGING = frozenset(_CHANGING_TEXT.split())
READING = frozenset(_READING_TEXT.split())
PURE_BUILTINS = frozenset(_PURE_BUILTINS_TEXT.split())
_CONSUMING = frozenset({"next", "iter", "anext", "aiter"})
_HARMLESS_MANAGERS = frozenset(
    {"open", "catch_warnings", "errstate", "option_context", "no_grad", "inference_mode", "config_context", "ZipFile"}
)
_WRITERS = re.compile(r"^(?:to_\w+|savez?\w*|dump|write\w*|print_\w+|redirect_\w+)$")
_WRITTEN_INTO = frozenset({"out", "evals_result", "buffer", "file"})
_MAKES_ANOTHER = frozenset(
    {"copy", "deepcopy", "clone", "len", "str", "int", "float", "bool", "repr", "sum", "mean", "round"}
)
"""Functions whose result shares nothing with what they were given."""
_DEEPEST = 4


@dataclass(slots=True)
class Touches:
    """Names by what happens to their values: `changes` surely, `perhaps`, and `looks`, which are handed over unharmed.

    `links` are groups of names that may share objects afterwards.
    """

    changes: set[str] = field(default_factory=set)
    perhaps: set[str] = field(default_factory=set)
    looks: set[str] = field(default_factory=set)
    links: list[frozenset[str]] = field(default_factory=list)


def touches_of(statements: Iterable[ast.AST], scope: Scope) -> Touches:
    """Return what statements do to the values of names when they run, with the functions of the notebook they call."""
    finder = _Finder(scope)
    for statement in statements:
        finder.visit(statement)
    found = finder.found
    found.perhaps -= found.changes
    found.looks -= found.changes | found.perhaps
    return found


class _Finder:
    def __init__(self, scope: Scope, inside: tuple[ast.AST, ...] = ()) -> None:
        self.scope = scope
        self.found = Touches()
        self._inside = inside

    def visit(self, statement: ast.AST) -> None:
        for node in running(statement):
            match node:
                case ast.Attribute(ctx=ast.Store() | ast.Del()) | ast.Subscript(ctx=ast.Store() | ast.Del()):
                    self.found.changes |= roots_of(node)
                case ast.AugAssign(target=target):
                    self.found.changes |= roots_of(target)
                case ast.Assign(targets=targets, value=value):
                    self._bound(targets, value)
                case (
                    ast.AnnAssign(target=target, value=ast.expr() as value) | ast.NamedExpr(target=target, value=value)
                ):
                    self._bound([target], value)
                case ast.For(target=target, iter=value) | ast.AsyncFor(target=target, iter=value):
                    self._bound([target], value)
                    self._gone_through(value)
                case ast.comprehension(iter=value) | ast.Starred(value=value) | ast.YieldFrom(value=value):
                    self._gone_through(value)
                case ast.Await(value=value):
                    self.found.perhaps |= roots_of(value)
                case ast.Compare(comparators=others, ops=ops):
                    for operator, other in zip(ops, others, strict=True):
                        if isinstance(operator, ast.In | ast.NotIn):
                            self._gone_through(other)
                case ast.withitem():
                    self._entered(node)
                case ast.Call():
                    self._called(node)
                case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                    for decorator in node.decorator_list:
                        self._called(ast.copy_location(ast.Call(decorator, [], []), decorator))

    def _bound(self, targets: Iterable[ast.expr], value: ast.expr) -> None:
        names = {each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)}
        for target in targets:
            if isinstance(target, ast.Tuple | ast.List):
                self._gone_through(value)
        is_drawn = isinstance(value, ast.Call) and any(is_generator(each, self.scope) for each in roots_of(value.func))
        shared = shared_names(value) if not is_drawn else set()
        if names and shared:
            self.found.links.append(frozenset(names | shared))

    def _gone_through(self, value: ast.expr) -> None:
        self.found.changes |= roots_of(value) & self.scope.iterators

    def _entered(self, item: ast.withitem) -> None:
        call = item.context_expr.func if isinstance(item.context_expr, ast.Call) else item.context_expr
        if not isinstance(item.context_expr, ast.Call):
            self.found.perhaps |= roots_of(call)
        elif _leaf(call) not in _HARMLESS_MANAGERS:
            given = [*item.context_expr.args, *(keyword.value for keyword in item.context_expr.keywords)]
            self.found.perhaps |= set().union(*map(handed_over, given)) - self.scope.paths if given else set()
        if item.optional_vars is not None:
            self._bound([item.optional_vars], item.context_expr)

    # Calls

    def _called(self, call: ast.Call) -> None:
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        handed = set().union(*map(handed_over, given)) if given else set()
        within = {each.id for node in given for each in ast.walk(node) if isinstance(each, ast.Name)}
        self._written_into(call)
        if any(self._changes_its_own(argument) for argument in given):
            self.found.perhaps |= within
        path = self.scope.path_of(call.func)
        if path is not None:
            self._library(path, call, handed, within)
        elif isinstance(call.func, ast.Name):
            self._named(call.func.id, call, handed, within)
        elif isinstance(call.func, ast.Attribute):
            self._method(call.func, call, handed, within)
        else:
            self.found.perhaps |= within | roots_of(call.func)

    def _changes_its_own(self, argument: ast.expr) -> bool:
        """Return whether an argument is a function of the notebook that changes what it is called with."""
        code = argument if isinstance(argument, ast.Lambda) else self.scope.code.get(getattr(argument, "id", ""))
        if not isinstance(code, ast.FunctionDef | ast.Lambda) or len(self._inside) >= _DEEPEST or code in self._inside:
            return False
        inner = _Finder(self.scope, (*self._inside, code))
        for statement in code.body if isinstance(code, ast.FunctionDef) else [code.body]:
            inner.visit(statement)
        return not (inner.found.changes | inner.found.perhaps).isdisjoint(_own_names(code))

    def _written_into(self, call: ast.Call) -> None:
        for keyword in call.keywords:
            if keyword.arg in _WRITTEN_INTO:
                self.found.changes |= handed_over(keyword.value)
        if _WRITERS.match(_leaf(call.func)):  # into a buffer, where it is no path
            is_last = _leaf(call.func) == "dump" or self.scope.path_of(call.func) == "torch.save"
            targets = call.args[1:] if is_last else call.args[:1]
            self.found.perhaps |= set().union(*map(handed_over, targets)) - self.scope.paths if targets else set()

    def _library(self, path: str, call: ast.Call, handed: set[str], within: set[str]) -> None:
        leaf = path.rpartition(".")[2]
        if not is_library(path):
            self.found.perhaps |= within
        elif leaf in CHANGING or leaf.endswith("_") or _is_in_place(call):
            self.found.changes |= handed
        else:
            self._looked_at(handed)

    def _named(self, name: str, call: ast.Call, handed: set[str], within: set[str]) -> None:
        code = self.scope.code.get(name)
        if name in _CONSUMING or name in ("setattr", "delattr"):
            self.found.changes |= handed
        elif name in PURE_BUILTINS and code is None:
            self._looked_at(handed)
        elif (
            isinstance(code, ast.FunctionDef | ast.Lambda) and len(self._inside) < _DEEPEST and code not in self._inside
        ):
            self._own_function(code, call, within)
        else:
            self.found.perhaps |= within | ({name} if code is None else set())

    def _own_function(self, code: ast.FunctionDef | ast.Lambda, call: ast.Call, within: set[str]) -> None:
        """Look into a function of the notebook: which of its arguments it changes, and which global names."""
        inner = _Finder(self.scope, (*self._inside, code))
        for statement in code.body if isinstance(code, ast.FunctionDef) else [code.body]:
            inner.visit(statement)
        own = _own_names(code)
        changed = inner.found.changes | inner.found.perhaps
        self.found.perhaps |= changed - own
        by_parameter = dict(_arguments(code, call))
        if by_parameter.keys() != {None} and None in by_parameter:
            by_parameter = {None: within}
        linked = set().union(*inner.found.links)
        for parameter, names in by_parameter.items():
            is_risky = parameter is None or parameter in changed or parameter in linked
            (self.found.perhaps if is_risky else self.found.looks).update(names)

    def _method(self, function: ast.Attribute, call: ast.Call, handed: set[str], within: set[str]) -> None:
        method, owners = function.attr, roots_of(function.value)
        origin = self.scope.origin_of(function.value) or ""
        is_known = bool(origin) and is_library(origin)
        if method in CHANGING or (method.endswith("_") and not method.startswith("_")) or _is_in_place(call):
            self.found.changes |= owners
        elif method in READING and not origin.startswith(DRAWING):
            self._looked_at(owners)
        else:
            self.found.perhaps |= owners
        if method in CHANGING and handed:
            self.found.links.append(frozenset(owners | handed))
        if is_known or method in READING or method in CHANGING or isinstance(function.value, ast.Constant):
            if method == "shuffle":
                self.found.changes |= handed
            self._looked_at(handed)
        else:
            self.found.perhaps |= within

    def _looked_at(self, names: set[str]) -> None:
        moved_on = {name for name in names if is_generator(name, self.scope)}
        self.found.changes |= (names & self.scope.iterators) | moved_on
        self.found.looks |= names


def is_generator(name: str, scope: Scope) -> bool:
    """Return whether a name stands for a random generator: whoever is handed it may draw from it."""
    return scope.origins.get(name, "").startswith(DRAWING)


def _leaf(function: ast.expr) -> str:
    """Return the last name of what is called."""
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def roots_of(node: ast.AST) -> set[str]:
    """Return the names that an expression is reached from: ``df`` for ``df.loc[1].a``, not for ``f(df)``."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call | ast.Starred | ast.Await):
        node = node.func if isinstance(node, ast.Call) else node.value
    if isinstance(node, ast.Name):
        return {node.id}
    if isinstance(node, ast.Tuple | ast.List):
        return set().union(*map(roots_of, node.elts))
    if isinstance(node, ast.IfExp):
        return roots_of(node.body) | roots_of(node.orelse)
    if isinstance(node, ast.BoolOp):
        return set().union(*map(roots_of, node.values))
    return set()


def handed_over(node: ast.expr) -> set[str]:
    """Return the names whose values, or parts of them, an argument hands over."""
    if isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.Starred):
        return roots_of(node)
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return set().union(*map(handed_over, node.elts))
    if isinstance(node, ast.Dict):
        return set().union(*map(handed_over, node.values))
    if isinstance(node, ast.IfExp):
        return handed_over(node.body) | handed_over(node.orelse)
    if isinstance(node, ast.GeneratorExp | ast.ListComp | ast.SetComp):
        return set().union(*(roots_of(each.iter) for each in node.generators))
    return set()


def shared_names(value: ast.expr) -> set[str]:
    """Return the names whose objects a value may hold or be; what arithmetic and texts are made of is another value."""
    if isinstance(value, ast.BinOp):  # of lists the sum holds what these held
        return shared_names(value.left) | shared_names(value.right) if isinstance(value.op, ast.Add) else set()
    if isinstance(value, ast.Constant | ast.JoinedStr | ast.Compare | ast.UnaryOp | ast.Lambda):
        return set()
    if isinstance(value, ast.Call) and _leaf(value.func) in _MAKES_ANOTHER:
        return set()
    return {each.id for each in ast.walk(value) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)}


def _is_in_place(call: ast.Call) -> bool:
    """Return whether a call is told to work in place, or may be."""
    for keyword in call.keywords:
        if keyword.arg == "inplace" and not (isinstance(keyword.value, ast.Constant) and not keyword.value.value):
            return True
        if keyword.arg == "copy" and not (isinstance(keyword.value, ast.Constant) and keyword.value.value is not False):
            return True
    return False


def _own_names(code: ast.FunctionDef | ast.Lambda) -> set[str]:
    """Return the names that belong to a function itself: its parameters and what it binds."""
    given = {each.arg for each in ast.walk(code.args) if isinstance(each, ast.arg)}
    body = code.body if isinstance(code, ast.FunctionDef) else [code.body]
    nodes = [node for statement in body for node in ast.walk(statement)]
    outer = {name for node in nodes if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names}
    bound = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return (given | bound) - outer


def _arguments(code: ast.FunctionDef | ast.Lambda, call: ast.Call) -> Iterator[tuple[str | None, set[str]]]:
    """Yield for each argument of a call its parameter (None where that is not plain) and the names handed over."""
    parameters = [each.arg for each in [*code.args.posonlyargs, *code.args.args]]
    names = {*parameters, *(each.arg for each in code.args.kwonlyargs)}
    for number, argument in enumerate(call.args):
        is_plain = number < len(parameters) and not isinstance(argument, ast.Starred)
        yield parameters[number] if is_plain else None, handed_over(argument)
    for keyword in call.keywords:
        yield keyword.arg if keyword.arg in names else None, handed_over(keyword.value)
