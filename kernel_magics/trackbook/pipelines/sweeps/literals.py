"""Makes params of the literals in a slice's code: ``LogisticRegression(C=0.1)`` becomes ``LogisticRegression(C=C)``."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from trackbook.errors import InvalidValueError, NotFoundError
from trackbook.pipelines.sweeps.places import Place, place_in_model, place_of, places_in
from trackbook.records import JsonValue
from trackbook.tracking.slice import Slice

_PARAMETERS = "parameters"
_MAGIC = re.compile(r"^\s*[%!].*$", re.MULTILINE)
_MOST_NAMED = 20


def with_params(sliced: Slice, names: Iterable[str]) -> tuple[Any, dict[str, str]]:
    """Return a slice's notebook in which each name is a param, and the param's name by the name that was asked for.

    Parameters
    ----------
    names
        A param of the slice, the name of a literal in it (a keyword, an assignment, a key of a dictionary, the default
        of a function's argument), a model's own param that the code leaves to its default, each also with what it is
        given to: ``Ridge.alpha``.

    Raises
    ------
    NotFoundError
        If there is no such literal.
    AmbiguousError
        If it stands in several places.
    """
    wanted, notebook, params = list(names), copy.deepcopy(sliced.notebook), set(sliced.params)
    if _is_any_within(wanted, notebook, params):
        _make_constants(notebook)
        params.clear()
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and not _is_tagged(cell)]
    trees = [_tree(cell.source) for cell in code]
    places = places_in(code, trees)
    taken = {node.id for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Name)} | params
    found: dict[str, str] = {}
    changes: dict[str, Place] = {}
    for name in wanted:
        if name in params:
            found[name] = name
            continue
        place = (
            place_of(name, places)
            or place_in_model(name, sliced.sliced.run, code, trees)
            or _none(name, sliced, places)
        )
        found[name] = _free(name, taken)
        taken.add(found[name])
        changes[found[name]] = place
    _change(code, changes)
    _add_params(notebook, {name: place.value for name, place in changes.items()})
    return notebook, found


def _none(name: str, sliced: Slice, places: Iterable[Place]) -> Place:
    own = list(dict.fromkeys([*sliced.params, *(each.name for each in places)]))
    others = [each for each in sliced.sliced.run.params if each not in own]
    near = get_close_matches(name, [*own, *others], n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    run = sliced.sliced.run.run.name
    raise NotFoundError(f"No value '{name}' flows into run '{run}' that could be tried.{hint} {_listed(own, others)}")


def _listed(own: Sequence[str], others: Sequence[str]) -> str:
    """Return in a sentence what may be tried: the names that stand in the code, and how many the run has beside them.

    Those beside are mostly what its models leave to their defaults.
    """
    named = (own or others)[:_MOST_NAMED]
    left = len(own) + len(others) - len(named)
    return f"There are: {', '.join(named) or 'none'}{f', and {left} more params of the run' if left else ''}."


def _is_any_within(names: Iterable[str], notebook: Any, params: Collection[str]) -> bool:
    """Return whether a name means only a part of what a param of the slice holds: a key of its settings."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    places = places_in(cells, [_tree(cell.source) for cell in cells])
    meant = {name: {each.cell for each in places if each.is_meant(name)} for name in names if name not in params}
    tagged = {at for at, cell in enumerate(cells) if _is_tagged(cell)}
    return any(found and found <= tagged for found in meant.values())


# What becomes of them


def _make_constants(notebook: Any) -> None:
    """Make the params of a slice plain code: what a notebook is given comes behind them, too late for a key."""
    for cell in filter(_is_tagged, notebook.cells):
        cell.metadata["tags"] = [each for each in cell.metadata["tags"] if each != _PARAMETERS]
        cell["id"] = "constants"


def _change(code: Sequence[Any], changes: Mapping[str, Place]) -> None:
    """Write the params' names where the values stood, from the end to the beginning."""
    for name, place in sorted(changes.items(), key=lambda pair: pair[1].start, reverse=True):
        source = code[place.cell].source
        written = f"{place.before}{name}{place.after}"
        code[place.cell].source = f"{source[: place.start]}{written}{source[place.end :]}"


def _add_params(notebook: Any, values: Mapping[str, JsonValue]) -> None:
    """Put params into the cell for them, one that is made where there is none."""
    from nbformat import v4

    if not values:
        return
    text = "\n".join(f"{name} = {value!r}" for name, value in values.items())
    for cell in notebook.cells:
        if _is_tagged(cell):
            cell.source = f"{cell.source}\n{text}"
            return
    cell = v4.new_code_cell(text, id=_PARAMETERS, metadata={"tags": [_PARAMETERS]})  # type: ignore[no-untyped-call]
    first = next((at for at, each in enumerate(notebook.cells) if each.cell_type == "code"), len(notebook.cells))
    notebook.cells.insert(first, cell)


def _free(name: str, taken: Iterable[str]) -> str:
    """Return a name for a param that the code doesn't use: ``C``, or ``C_param`` where it does."""
    plain = re.sub(r"\W", "_", name)
    candidates = [plain, *(f"{plain}_param{number}" for number in ("", *range(2, 100)))]
    free = next((each for each in candidates if each.isidentifier() and each not in taken), None)
    if free is None:
        raise InvalidValueError(f"'{name}' is no name for a param.")
    return free


def _is_tagged(cell: Any) -> bool:
    return _PARAMETERS in cell.metadata.get("tags", ())


def _tree(source: str) -> ast.AST:
    """Return the code of a cell; its magics are as good as comments, at the same places."""
    plain = _MAGIC.sub(lambda found: "#" * len(found[0]), source)
    try:
        return ast.parse(plain)
    except SyntaxError:
        return ast.Module(body=[], type_ignores=[])
