"""What the names of a notebook stand for, as far as its code tells: modules and their parts, functions, classes.

It is read along as the cells ran, so that a name means what it meant there.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator

_LIBRARIES_TEXT = """
IPython PIL altair arch arviz attr attrs bokeh boto3 bs4 cartopy catboost category_encoders cupy cv2 cvxpy cycler cython
dask dateutil dill docx dtreeviz duckdb eli5 evidently fastai fbprophet feather feature_engine featuretools fsspec
gensim geopandas geopy graphviz h5py hmmlearn holoviews huggingface_hub humanize interpret mapie miceforest ortools
pandera papermill pingouin pulp pygam pymc3 pyod river scikit_posthocs sklearn_pandas skorch sweetviz tslearn
ydata_profiling
hyperopt imageio imblearn implicit ipywidgets jax joblib kaggle keras lifelines lightfm lightgbm lime lxml matplotlib
missingno mlxtend mpl_toolkits nbformat networkx nltk numba numexpr numpy openpyxl optuna pandas patsy plotly plotnine
pmdarima polars prophet psutil pyarrow pydantic pydot pylab pymc pytz pywt requests rich scikitplot scipy seaborn
sentence_transformers shap six skimage sklearn skopt sktime spacy sqlalchemy squarify statsmodels surprise sympy
tabulate tensorflow textblob textstat tiktoken timm tokenizers torch torchaudio torchmetrics torchvision tqdm
transformers tsfresh typing_extensions umap vega vega_datasets wordcloud xarray xgboost xlrd yaml yellowbrick yfinance
"""
LIBRARIES = frozenset(_LIBRARIES_TEXT.split()) | sys.stdlib_module_names
"""Packages whose functions leave alone what they are not named for; of others nobody knows."""
OWN_TOOL = "trackbook"
DRAWING = ("numpy.random", "random", "sklearn.utils.check_random_state")
"""Where objects come from whose very reading moves them on: random generators."""
_PATHLIKE = frozenset({"Path", "PurePath", "join", "joinpath", "format", "expanduser", "abspath", "str", "resolve"})
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda


class Scope:
    """The meaning of names at one moment.

    `modules` gives for an imported name its whole dotted name, `code` for a name of a function or class its definition,
    `classes` for a name of an instance its class, `holds` for a name of something that holds code (a list of functions,
    what a function made) the definitions, `origins` for a name the library function that made its value.
    `paths` are names that hold the name of a file or folder.
    """

    def __init__(self) -> None:
        self.modules: dict[str, str] = {}
        self.code: dict[str, Definition] = {}
        self.classes: dict[str, ast.ClassDef] = {}
        self.holds: dict[str, tuple[Definition, ...]] = {}
        self.origins: dict[str, str] = {}
        self.paths: set[str] = set()
        self.iterators: set[str] = set()

    def learn(self, statement: ast.stmt) -> None:
        """Take what a statement binds names to, once it has run."""
        for node in ast.walk(statement):
            if isinstance(node, ast.Import | ast.ImportFrom):
                self._imported(node)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                self._forget(node.name)
                self.code[node.name] = node
            elif isinstance(node, ast.Assign):
                for target in node.targets:
                    self._assigned(target, node.value)
            elif isinstance(node, ast.AnnAssign) and node.value is not None:
                self._assigned(node.target, node.value)
            elif isinstance(node, ast.withitem) and node.optional_vars is not None:
                self._assigned(node.optional_vars, node.context_expr)
            elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
                self._assigned(node.target, node.iter)

    def learn_star(self, node: ast.ImportFrom, names: Iterable[str]) -> None:
        """Take the names that a star import may have bound; of several the one counts that is the least known."""
        for name in names:
            if is_library(self.modules.get(name, "sys")):
                self._forget(name)
                self.modules[name] = f"{'.' * node.level}{node.module or ''}.{name}"

    def definitions(self, name: str) -> tuple[Definition, ...]:
        """Return the code that using a name may run."""
        found = (self.code.get(name), self.classes.get(name), *self.holds.get(name, ()))
        return tuple(each for each in found if each is not None)

    def path_of(self, node: ast.expr) -> str | None:
        """Return the dotted name of a part of a module that an expression names, None if it names none."""
        if isinstance(node, ast.Name):
            return self.modules.get(node.id)
        if isinstance(node, ast.Attribute):
            owner = self.path_of(node.value)
            return f"{owner}.{node.attr}" if owner is not None else None
        return None

    def origin_of(self, node: ast.expr) -> str | None:
        """Return the library function that an expression's value begins with: ``pandas.read_csv`` for ``df.loc[1]``."""
        while isinstance(node, ast.Attribute | ast.Subscript | ast.Call | ast.Await):
            path = self.path_of(node)
            if path is not None:
                return path
            node = node.func if isinstance(node, ast.Call) else node.value
        if isinstance(node, ast.Name):
            return self.modules.get(node.id) or self.origins.get(node.id)
        return None

    def is_path(self, node: ast.expr) -> bool:
        """Return whether an expression gives the name of a file or folder."""
        if isinstance(node, ast.Constant):
            return isinstance(node.value, str) and looks_like_path(node.value)
        if isinstance(node, ast.Name):
            return node.id in self.paths
        if isinstance(node, ast.JoinedStr):
            return any(self.is_path(each) for each in node.values)
        if isinstance(node, ast.FormattedValue):
            return self.is_path(node.value)
        if isinstance(node, ast.BinOp):
            return self.is_path(node.left) or self.is_path(node.right)
        if isinstance(node, ast.Call):
            leaf = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            return leaf in _PATHLIKE or "temp" in leaf.lower()
        return False

    def _imported(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            if isinstance(node, ast.ImportFrom):
                name, path = alias.asname or alias.name, f"{'.' * node.level}{node.module or ''}.{alias.name}"
            elif alias.asname:
                name, path = alias.asname, alias.name
            else:
                name = path = alias.name.partition(".")[0]
            self._forget(name)
            self.modules[name] = path

    def _assigned(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Tuple | ast.List):
            values = value.elts if isinstance(value, ast.Tuple | ast.List) else []
            for number, each in enumerate(target.elts):
                self._assigned(each, values[number] if len(values) == len(target.elts) else value)
            return
        if not isinstance(target, ast.Name):
            return
        is_path, is_iterator, held = self.is_path(value), may_be_iterator(value, self), tuple(self._held(value))
        module, origin = self.path_of(value), self.origin_of(value)
        if isinstance(value, ast.Call) and self.path_of(value.func) is None and (origin or "").startswith(DRAWING):
            origin = None  # what a generator gives is none
        code = value if isinstance(value, ast.Lambda) else self.code.get(getattr(value, "id", ""))
        made = value.func if isinstance(value, ast.Call) else value
        kind = self.code.get(getattr(made, "id", "")) or self.classes.get(getattr(made, "id", ""))
        self._forget(target.id)
        if module is not None:
            self.modules[target.id] = module
        elif code is not None:
            self.code[target.id] = code
        elif isinstance(kind, ast.ClassDef):
            self.classes[target.id] = kind
        elif origin is not None:
            self.origins[target.id] = origin
        if held:
            self.holds[target.id] = held
        self.paths |= {target.id} if is_path else set()
        self.iterators |= {target.id} if is_iterator else set()

    def _held(self, value: ast.expr) -> Iterator[Definition]:
        """Yield the code that a value holds: of containers their items', of a closure or ``partial`` what made it."""
        match value:
            case ast.Lambda():
                yield value
            case ast.Name(id=name):
                yield from self.definitions(name)
            case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items) | ast.Dict(values=items):
                for item in items:
                    yield from self._held(item)
            case ast.Call(func=function):
                made = self.code.get(getattr(function, "id", ""))
                if made is not None and _makes_code(made):
                    yield made
                for argument in [*value.args, *(keyword.value for keyword in value.keywords)]:
                    yield from self._held(argument)

    def _forget(self, name: str) -> None:
        for known in (self.modules, self.code, self.classes, self.holds, self.origins):
            known.pop(name, None)
        self.paths.discard(name)
        self.iterators.discard(name)


def looks_like_path(text: str) -> bool:
    """Return whether a text may be the name of a file or folder."""
    return 0 < len(text) < 300 and "\n" not in text and ("/" in text or "\\" in text or "." in text.strip("."))


def is_library(path: str) -> bool:
    """Return whether something imported comes from a package that is known to leave alone what it isn't named for."""
    return path.partition(".")[0] in LIBRARIES


def may_be_iterator(value: ast.expr, scope: Scope) -> bool:
    """Return whether a value may be one that can be gone through only once."""
    if isinstance(value, ast.GeneratorExp):
        return True
    if isinstance(value, ast.Name):
        return value.id in scope.iterators
    if not isinstance(value, ast.Call):
        return False
    keywords = {each.arg for each in value.keywords}
    path = scope.path_of(value.func)
    if path is None and isinstance(value.func, ast.Name):
        code = scope.code.get(value.func.id)
        if code is not None:
            return not isinstance(code, ast.Lambda) and _yields(code)
        return value.func.id in ("iter", "map", "filter", "zip", "enumerate", "reversed", "open")
    if not keywords.isdisjoint({"chunksize", "iterator"}):
        return True
    leaf = value.func.attr if isinstance(value.func, ast.Attribute) else ""
    is_reader = leaf in ("split", "reader", "DictReader", "open", "iterrows", "itertuples", "flow", "take", "batch")
    return is_reader or (path or "").startswith(("itertools", "csv.")) or not (path is None or is_library(path))


def _makes_code(code: Definition) -> bool:
    inner = (node for node in ast.walk(code) if node is not code)
    return any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda) for node in inner)


def _yields(code: ast.AST) -> bool:
    return any(isinstance(node, ast.Yield | ast.YieldFrom) for node in ast.walk(code))


def running(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a statement that run where it stands: no bodies of functions."""
    pending = [node]
    while pending:
        each = pending.pop()
        yield each
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef):
            pending += [*each.decorator_list, *each.args.defaults, *filter(None, each.args.kw_defaults)]
        elif isinstance(each, ast.Lambda):
            pending += [*each.args.defaults, *filter(None, each.args.kw_defaults)]
        else:
            pending += ast.iter_child_nodes(each)
