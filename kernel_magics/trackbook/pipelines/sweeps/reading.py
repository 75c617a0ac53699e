"""The values of a sweep's params as the notebook's ``parameters`` cell types them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from trackbook.capture.secrets import is_secret
from trackbook.errors import InvalidValueError
from trackbook.pipelines.steps.params import checked, read_params
from trackbook.pipelines.sweeps.space import Choices, Floats, Integers, Values, as_floats, read_values
from trackbook.records import JsonValue, encode


def read_space(texts: Mapping[str, str], notebook: Path) -> dict[str, Values]:
    """Return what to try for each param.

    Parameters
    ----------
    texts
        The values as a person writes them, by the param's name.
    notebook
        Its ``parameters`` cell says which params there are, and of which type.

    Raises
    ------
    InvalidValueError
        If a param is none of the notebook's, a required one is missing, or a value can't be of its type.
    """
    found = {name: read_values(name, text) for name, text in texts.items()}
    specs = read_params(notebook)
    firsts = {name: _ends(values)[0] for name, values in found.items()}
    typed = checked(specs, firsts, are_texts=True)
    space: dict[str, Values] = {}
    for name, values in found.items():
        others = [checked(specs, {**firsts, name: text}, are_texts=True)[name] for text in _ends(values)[1:]]
        space[name] = _typed(name, texts[name], values, (typed[name], *others))
        if any(is_secret(name, each) for each in (typed[name], *others)):
            raise InvalidValueError(
                f"'{name}' holds a credential, and a sweep keeps all values that it tries. Leave it out, and let the "
                f"notebook read it by itself: os.environ['{name.upper()}']."
            )
    return space


def _ends(values: Integers | Floats | tuple[str, ...]) -> tuple[str, ...]:
    """Return texts that all have to be of the param's type: the choices, or the ends of a range and its step."""
    if isinstance(values, tuple):
        return values
    return (str(values.low), str(values.high), *([str(values.step)] if values.step is not None else []))


def _typed(name: str, text: str, values: Integers | Floats | tuple[str, ...], typed: tuple[JsonValue, ...]) -> Values:
    if isinstance(values, Integers | Floats):
        if not all(isinstance(each, int | float) and not isinstance(each, bool) for each in typed):
            raise InvalidValueError(
                f"{name} is no number, and {text} is a range of numbers. Give choices ({name}=a,b), or '{text}' in "
                "quotes if it is one itself."
            )
        is_float = isinstance(values, Floats) or any(isinstance(each, float) for each in typed)
        return as_floats(values, has_step=":" in text) if is_float else values
    if len({encode(each) for each in typed}) < len(typed):
        raise InvalidValueError(f"{name}={','.join(values)} has a value twice. Give each once.")
    return Choices(values=typed)
