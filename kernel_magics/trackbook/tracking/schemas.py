"""Schemas of pandera that tables are checked by: taken as they are, or read from a file."""

from __future__ import annotations

import hashlib
import inspect
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module, util
from pathlib import Path
from types import ModuleType
from typing import Any

from trackbook.errors import InvalidValueError

MISSING = "Checks are made by pandera, which isn't installed here. Install it: pip install 'trackbook[checks]'."
_TEXTS = {".yaml": "from_yaml", ".yml": "from_yaml", ".json": "from_json"}
_MOST_NAMES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """What a table is checked by.

    `rules` is pandera's schema, made of a model where it was one; `text` is its source, or what describes it; `library`
    is the package of the tables that it is for.
    """

    name: str
    rules: Any
    text: str
    library: str


def pandera() -> Any:
    """Return the library of the checks.

    Raises
    ------
    InvalidValueError
        If it is not installed.
    """
    try:
        return import_module("pandera")
    except ImportError:
        raise InvalidValueError(MISSING) from None


def schema_of(given: object) -> Schema:
    """Return the schema that is meant.

    Parameters
    ----------
    given
        A ``DataFrameModel``, a ``DataFrameSchema`` or ``SeriesSchema``; or where one is: ``schema.py:Customers``,
        ``schema.py`` (if there is one in it), ``package.module:Customers``, ``schema.yaml``, ``schema.json``.

    Raises
    ------
    InvalidValueError
        If there is no such file or schema, or it can't be read.
    """
    pandera()
    if isinstance(given, str | Path):
        if "\n" in str(given):
            raise InvalidValueError(
                "This text is code, and a schema is read from a file: trackbook.infer_schema(table, 'schema.py') writes"
                " one, then give 'schema.py:schema'."
            )
        return _read(str(given).strip())
    found = _as_schema(given, "", "")
    if found is None:
        raise InvalidValueError(
            f"A {type(given).__name__} is no schema. Give a DataFrameModel or DataFrameSchema of pandera, or where one "
            "is: 'schema.py:Customers', 'schema.yaml'."
        )
    return found


def _as_schema(given: object, name: str, text: str) -> Schema | None:
    make = getattr(given, "to_schema", None)
    is_model = isinstance(given, type) and callable(make) and callable(getattr(given, "validate", None))
    rules = _made(make) if is_model and make is not None else given
    parts = type(rules).__module__.split(".")
    if parts[0] != "pandera" or not type(rules).__name__.endswith("Schema"):
        return None
    own = given.__name__ if isinstance(given, type) else str(getattr(rules, "name", None) or name or "schema")
    library = next((each for each in parts if each in ("pandas", "polars", "pyarrow", "pyspark", "ibis")), "pandas")
    return Schema(name=name or own, rules=rules, text=text or _text_of(given, rules), library=library)


def _made(make: Callable[[], Any]) -> Any:
    try:
        return make()
    except Exception as error:  # what the class body of somebody's model holds is run here
        raise InvalidValueError(f"The schema can't be read: {sentence_of(error)}") from error


def _text_of(given: object, rules: Any) -> str:
    """Return the source of a model, else what can be written of the rules, else how they are shown."""
    if isinstance(given, type):
        try:
            return inspect.getsource(given)
        except (OSError, TypeError):
            pass
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # checks of one's own can't be written down, and are left out
        try:
            return str(rules.to_yaml())
        except Exception:  # noqa: BLE001  a description that nobody needs to check by
            return repr(rules)


# Files


def _read(reference: str) -> Schema:
    place, _, name = reference.partition(":") if reference[1:3] != ":\\" else (reference, "", "")
    path = Path(place).expanduser()
    if path.suffix in _TEXTS:
        return _of_text(path)
    module = _module_at(path) if path.suffix == ".py" else _module_named(place, name)
    found = dict(_schemas_in(module))
    if not name and len(found) == 1:
        name = next(iter(found))
    if name not in found:
        raise InvalidValueError(_no_schema(place, name, list(found)))
    text = path.read_text(encoding="utf-8") if path.suffix == ".py" else inspect.getsource(module)
    made = _as_schema(found[name], name, text)
    assert made is not None  # it is one of those that are
    return made


def _no_schema(place: str, name: str, names: list[str]) -> str:
    if not names:
        return f"'{place}' holds no schema of pandera. Write one: trackbook.infer_schema(table, '{place}')."
    listed = ", ".join(names[:_MOST_NAMES])
    if not name:
        return f"'{place}' holds several schemas: {listed}. Name one: {place}:{names[0]}."
    close = get_close_matches(name, names, n=1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    return f"'{place}' has no schema '{name}'.{hint} It has: {listed}."


def _schemas_in(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """Yield the schemas that a module defines, by name; models that it only imports are none of its own."""
    for name, value in list(vars(module).items()):
        is_class = isinstance(value, type)
        if name.startswith("_") or (is_class and value.__module__ != module.__name__):
            continue
        is_model = is_class and any(base.__name__ == "DataFrameModel" for base in value.__mro__[1:])
        is_schema = type(value).__module__.startswith("pandera.") and type(value).__name__.endswith("Schema")
        if is_model or (is_schema and not is_class):
            yield name, value


def _module_at(path: Path) -> ModuleType:
    """Run a file as a module of its own, anew if it has changed; it finds the modules beside it."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InvalidValueError(f"The schema '{path}' can't be read: {error.strerror}.") from None
    mark = hashlib.sha256(str(path.absolute()).encode() + content).hexdigest()[:12]
    name = f"trackbook_schema_{mark}"
    if name in sys.modules:
        return sys.modules[name]
    spec = util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InvalidValueError(f"The schema '{path}' can't be read as Python.")
    module = util.module_from_spec(spec)
    sys.modules[name] = module  # a model looks its annotations up there
    folder = str(path.absolute().parent)
    sys.path.insert(0, folder)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise InvalidValueError(f"The schema '{path}' can't be read: {sentence_of(error)}") from error
    finally:
        sys.path.remove(folder)
    return module


def _module_named(place: str, name: str) -> ModuleType:
    if not name or not all(part.isidentifier() for part in place.split(".")):
        raise InvalidValueError(
            f"'{place}' is no schema. Say where one is: 'schema.py:Customers', 'package.module:Customers' or "
            "'schema.yaml'."
        )
    try:
        return import_module(place)
    except Exception as error:
        raise InvalidValueError(f"The module '{place}' can't be imported: {sentence_of(error)}") from error


def _of_text(path: Path) -> Schema:
    pandas_schemas = import_module("pandera.pandas")
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidValueError(f"The schema '{path}' can't be read: {error.strerror}.") from None
    try:
        rules = getattr(pandas_schemas.DataFrameSchema, _TEXTS[path.suffix])(text)
    except ImportError:
        raise InvalidValueError("A schema in YAML needs PyYAML. Install it: pip install pyyaml.") from None
    except Exception as error:  # noqa: BLE001  pandera and its reader raise whatever they meet
        raise InvalidValueError(f"The schema '{path}' can't be read: {sentence_of(error)}") from None
    return Schema(name=path.stem, rules=rules, text=text, library="pandas")


def sentence_of(error: BaseException) -> str:
    """Return an error on one line, with a full stop."""
    text = " ".join(str(error).split()) or type(error).__name__
    return f"{type(error).__name__}: {text[:300]}".rstrip(".") + "."
