"""Quality checks as Python objects: ``trackbook.check``, ``trackbook.checks`` and ``trackbook.infer_schema``."""

from __future__ import annotations

import ast
import linecache
import sys
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from trackbook.data_view import DatasetReference, DatasetView
from trackbook.display.checks import check_payload, sentence_of, show_check
from trackbook.display.shown import Look, Shown
from trackbook.errors import CheckFailedError, InvalidValueError
from trackbook.frames import checks_frame
from trackbook.project import Project, current_project
from trackbook.records import Check, JsonValue
from trackbook.store.contract import Store
from trackbook.tracking.checked_lineage import checks_of
from trackbook.tracking.checks import failing_rows, run_check
from trackbook.tracking.dataset_names import kept_version, label_of
from trackbook.tracking.datasets import Maker, load_table
from trackbook.tracking.finding_datasets import find_version
from trackbook.tracking.making import is_unattended, maker_here
from trackbook.tracking.schema_inference import infer_text
from trackbook.tracking.schemas import Schema, schema_of

if TYPE_CHECKING:
    import pandas as pd

    from trackbook.views import RunReference


class CheckView:
    """What a check of a table found; true if the table passed."""

    def __init__(self, record: Check) -> None:
        self.record = record

    @property
    def is_passed(self) -> bool:
        """Whether the table is as the schema says."""
        return self.record.is_passed

    @property
    def failures(self) -> int:
        """How many rows failed, with the rules that the table as a whole did not meet."""
        return self.record.failures

    @property
    def rows(self) -> list[dict[str, JsonValue]]:
        """Some of the failing rows, 20 at most: ``row`` (its position), ``index``, ``failed``, ``values``."""
        return [dict(row) for row in failing_rows(self.record)]

    def to_dict(self) -> dict[str, JsonValue]:
        """Return it as JSON values."""
        return check_payload(self.record)

    def show(self, look: Look | None = None) -> Shown:
        """Return what failed, to look at."""
        return show_check(self.record, look)

    def raise_if_failed(self) -> None:
        """Stop here if the table did not pass.

        Raises
        ------
        CheckFailedError
            If it did not.
        """
        if not self.is_passed:
            raise CheckFailedError(sentence_of(self.record))

    def __bool__(self) -> bool:
        return self.is_passed

    def __repr__(self) -> str:
        return self.show().text

    def _repr_html_(self) -> str:
        return self.show().html


def check(table: Any, schema: Any, *, name: str | None = None, raise_on_failure: bool | None = None) -> CheckView:
    """Check a table by a schema of pandera; what was found is put on the record, with the run and the cell.

    Parameters
    ----------
    table
        A DataFrame or Series of pandas or polars; or a dataset: its name (``"customers"``, ``"customers@3"``), or what
        `trackbook.publish` returned.
    schema
        A ``DataFrameModel`` or ``DataFrameSchema``, or where one is: ``"schema.py:Customers"``, ``"schema.yaml"``.
    name
        What the check is called; by default as the schema.
    raise_on_failure
        Whether a failure stops what goes on. None: where nobody looks, that is, when papermill executes the notebook.

    Returns
    -------
    CheckView
        True if the table passed.

    Raises
    ------
    CheckFailedError
        If the table did not pass and that is to stop what goes on.
    InvalidValueError
        If there is no such schema, or it is for other tables.

    Examples
    --------
    >>> import trackbook  # doctest: +SKIP
    >>> trackbook.check(customers, "schema.py:Customers")  # doctest: +SKIP
    """
    called = name_at(sys._getframe(1), table)
    found = check_table(table, schema, called, name=name)
    stops = is_unattended() if raise_on_failure is None else raise_on_failure
    if stops:
        found.raise_if_failed()
    elif not found:
        print(sentence_of(found.record), file=sys.stderr)
    return found


def check_table(table: Any, schema: Any, table_name: str | None, *, name: str | None = None) -> CheckView:
    """Check what this notebook or script calls so, and put on the record what was found; see `check`."""
    rules = schema_of(schema)
    store, maker = maker_here()
    return CheckView(_checked(store, table, rules, maker, table_name, name))


def check_dataset(name: str, schema: object, *, called: str | None = None, project: Project | None = None) -> CheckView:
    """Check a version of a dataset, and put on the record what was found; nobody's session is made for that.

    Raises
    ------
    NotFoundError, InvalidValueError
        If there is no such version or schema.
    """
    store, rules = (project or current_project()).store, schema_of(schema)
    return CheckView(_checked(store, name, rules, Maker(), None, called))


def _checked(
    store: Store, table: Any, rules: Schema, maker: Maker, table_name: str | None, called: str | None
) -> Check:
    snapshot_id = None
    if isinstance(table, str | DatasetView):
        version = table.record if isinstance(table, DatasetView) else find_version(store, table)
        table_name, snapshot_id = label_of(version), version.snapshot_id
        table = load_table(store, kept_version(version))
    return run_check(store, table, rules, maker, table_name=table_name or "table", name=called, snapshot_id=snapshot_id)


def name_at(frame: FrameType | None, table: object) -> str | None:
    """Return what the code that a frame runs calls a table: the name in the call, else one that is bound to it."""
    if frame is None:
        return None
    written = _written_at(frame)
    if written is not None:
        return written
    return next((name for name, value in frame.f_locals.items() if value is table and not name.startswith("_")), None)


def _written_at(frame: FrameType) -> str | None:
    """Return the first argument of a call of ``check`` on the line that runs, if it is a short expression."""
    line = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
    try:
        tree = ast.parse(line.removesuffix(":"))
    except SyntaxError:
        return None
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _is_check(node.func) and node.args]
    return ast.unparse(calls[0].args[0])[:80] if len(calls) == 1 else None


def _is_check(function: ast.expr) -> bool:
    return getattr(function, "attr", getattr(function, "id", "")) == "check"


def checks(run: RunReference | None = None, *, project: Project | None = None) -> pd.DataFrame:
    """Return the checks as a data frame, oldest first: all, or those that have to do with a run.

    Columns: ``at name table passed failures broken schema run_id execution_id check_id``. A run's checks are those made
    in it or in its cells, and those of tables that it used.

    Raises
    ------
    NotFoundError, AmbiguousError
        If there is no such run, or more than one.
    """
    project = project or current_project()
    if run is None:
        return checks_frame(project.store.checks())
    from trackbook.views import get_run

    return checks_frame(checks_of(project.store, get_run(run, project=project).detail))


def infer_schema(
    table: pd.DataFrame | DatasetReference,
    path: str | Path | None = None,
    *,
    force: bool = False,
    project: Project | None = None,
) -> str:
    """Return Python code with a schema of pandera that a table meets: a start, to be made stricter.

    Parameters
    ----------
    table
        A pandas DataFrame, or a dataset: its name, with a version or without, or what `trackbook.publish` returned.
    path
        A ``.py`` file to write it to.
    force
        Replace the file if there is one.

    Raises
    ------
    InvalidValueError
        If it is no DataFrame, or the file is there already.

    Examples
    --------
    >>> import trackbook  # doctest: +SKIP
    >>> print(trackbook.infer_schema(customers, "schema.py"))  # doctest: +SKIP
    """
    about = name_at(sys._getframe(1), table) or "this table"
    if isinstance(table, str | DatasetView):
        store = (project or current_project()).store
        version = table.record if isinstance(table, DatasetView) else find_version(store, table)
        about, table = label_of(version), load_table(store, kept_version(version), as_="pandas")
    text = infer_text(table, about)
    if path is not None:
        _write(Path(path), text, is_forced=force)
    return text


def _write(path: Path, text: str, *, is_forced: bool) -> None:
    if path.suffix != ".py":
        raise InvalidValueError(f"'{path}' is no Python file. Name one that ends with .py.")
    from trackbook.tracking.export_target import new_file

    with new_file(path.absolute(), is_forced=is_forced) as temporary:
        temporary.write_text(text, encoding="utf-8")
