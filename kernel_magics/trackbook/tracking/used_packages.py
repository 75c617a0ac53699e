"""The packages that a run's code imports, as far as its code shows it."""

from __future__ import annotations

import ast
import re
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from trackbook.errors import InvalidValueError, NotFoundError
from trackbook.records import Environment, Execution, RunDetail, package_key
from trackbook.store.contract import Store
from trackbook.tracking.cells_of import cells_of
from trackbook.tracking.slice import sliced_run

_ROOT_MODULES: Mapping[str, tuple[str, ...]] = {
    "sklearn": ("scikit-learn",),
    "skimage": ("scikit-image",),
    "cv2": ("opencv-python", "opencv-python-headless", "opencv-contrib-python"),
    "PIL": ("pillow", "pillow-simd"),
    "yaml": ("PyYAML",),
    "bs4": ("beautifulsoup4",),
    "dateutil": ("python-dateutil",),
    "dotenv": ("python-dotenv",),
    "umap": ("umap-learn",),
    "imblearn": ("imbalanced-learn",),
    "xgboost": ("xgboost", "xgboost-cpu"),
    "tensorflow": ("tensorflow", "tensorflow-cpu", "tensorflow-macos"),
    "Bio": ("biopython",),
    "fitz": ("PyMuPDF",),
    "community": ("python-louvain",),
    "pytorch_lightning": ("pytorch-lightning", "lightning"),
    "faiss": ("faiss-cpu", "faiss-gpu"),
    "mpl_toolkits": ("matplotlib",),
    "pylab": ("matplotlib",),
    "pkg_resources": ("setuptools",),
    "OpenSSL": ("pyOpenSSL",),
    "git": ("GitPython",),
    "serial": ("pyserial",),
    "jwt": ("PyJWT",),
    "psycopg2": ("psycopg2", "psycopg2-binary"),
    "MySQLdb": ("mysqlclient",),
    "onnxruntime": ("onnxruntime", "onnxruntime-gpu"),
    "snowflake": ("snowflake-connector-python",),
    "Levenshtein": ("python-Levenshtein", "Levenshtein"),
}
"""Modules whose packages have other names, for environments that are not the one here."""
_UNSAID: Mapping[re.Pattern[str], tuple[str, ...]] = {
    re.compile(r"\b(?:read|to|scan)_parquet\b|\b(?:read|to)_feather\b|\bread_orc\b"): ("pyarrow", "fastparquet"),
    re.compile(r"\b(?:read_excel|to_excel|ExcelWriter|ExcelFile)\b"): ("openpyxl", "xlsxwriter", "xlrd", "calamine"),
    re.compile(r"\.(?:plot|hist|boxplot)\b"): ("matplotlib",),
    re.compile(r"\b(?:read_html|read_xml|to_xml)\b"): ("lxml", "html5lib", "beautifulsoup4"),
    re.compile(r"\b(?:read_sql\w*|to_sql|create_engine)\b"): ("SQLAlchemy",),
    re.compile(r"\b(?:read_hdf|to_hdf|HDFStore)\b"): ("tables",),
    re.compile(r"[\"']s3://"): ("s3fs",),
    re.compile(r"[\"']gs://"): ("gcsfs",),
    re.compile(r"\b(?:to_markdown)\b"): ("tabulate",),
}
"""What pandas and the like import by themselves when it is called for."""
_MAGIC = re.compile(r"^(\s*)[%!].*$", re.MULTILINE)


def used_packages(store: Store, run: RunDetail, environment: Environment) -> tuple[str, ...]:
    """Return the packages of an environment that a run's code imports, by the environment's names, sorted.

    It is the code of the run's slice and of the project's own modules that flowed in; where there is no slice, of all
    cells that the run stood on. What is imported without a word of it (an engine that pandas picks) is only known for
    common cases.
    """
    texts = [*_cells(store, run), *_modules(store, run)]
    roots = {root for text in texts for root in imported_roots(text)}
    unsaid = {each for text in texts for pattern, names in _UNSAID.items() if pattern.search(text) for each in names}
    known = {package_key(name): name for name in environment.packages}
    asked = {package_key(name) for name in (*_packages_of(roots), *unsaid)}
    return tuple(sorted((known[key] for key in asked if key in known), key=str.lower))


def imported_roots(code: str) -> set[str]:
    """Return the top-level names of the modules that some code imports, Python's own left out."""
    try:
        tree = ast.parse(textwrap.dedent(_MAGIC.sub(r"\1pass", code)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set(_by_lines(code)) - sys.stdlib_module_names
    return set(_imports(tree)) - sys.stdlib_module_names


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (_root(alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield _root(node.module)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in (
            "import_module",
            "__import__",
        ):
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield _root(first.value)


def _by_lines(code: str) -> Iterator[str]:
    for found in re.finditer(r"^\s*(?:import|from)\s+([A-Za-z_]\w*)", code, re.MULTILINE):
        yield found[1]


def _root(module: str) -> str:
    return module.partition(".")[0]


def _packages_of(roots: Iterable[str]) -> Iterator[str]:
    """Yield what packages may bring modules: those that do here, those known to, and the one of the same name."""
    here = _distributions_here()
    for root in roots:
        yield from (root, *_ROOT_MODULES.get(root, ()), *here.get(root, ()))


@lru_cache(maxsize=1)
def _distributions_here() -> Mapping[str, list[str]]:
    from importlib.metadata import packages_distributions

    return packages_distributions()


def _cells(store: Store, run: RunDetail) -> list[str]:
    try:
        return [each.piece.text for each in sliced_run(store, run).kept]
    except (NotFoundError, InvalidValueError):
        executions: Iterable[Execution] = cells_of(store, run)
        return [each.source for each in executions]


def _modules(store: Store, run: RunDetail) -> Iterator[str]:
    for module in run.modules:
        try:
            yield store.get_object(module.digest).decode("utf-8", "replace")
        except NotFoundError:
            continue
