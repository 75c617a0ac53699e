"""What a control of `Params` and `interact` offers, such as a range or a choice, and the value that it begins with."""

from __future__ import annotations

import keyword
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard

from trackbook.errors import InvalidValueError

if TYPE_CHECKING:
    from ipywidgets import ValueWidget

Scalar: TypeAlias = "bool | int | float | str"
_LOG = "log"
_STEPS = 100
_DIGITS = 4
_HOW = "Give (low, high), (low, high, step), (low, high, 'log'), a list of choices, True or False, a number or a text."


class Kind(StrEnum):
    """How a value is chosen."""

    RANGE = "range"
    LOG = "log"
    CHOICE = "choice"
    SWITCH = "switch"
    NUMBER = "number"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One control. `first` is its value before anybody touches it; `options` are those of a choice."""

    name: str
    kind: Kind
    first: Scalar
    low: float = 0.0
    high: float = 0.0
    step: float = 0.0
    options: tuple[Scalar, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether its numbers are integers."""
        return isinstance(self.first, int) and not isinstance(self.first, bool)

    def checked(self, value: object) -> Scalar:
        """Return a value as the control has it.

        Raises
        ------
        InvalidValueError
            If the control can't stand at it.
        """
        if self.kind is Kind.CHOICE:
            for option in self.options:
                if type(option) is type(value) and option == value:
                    return option
            raise self._refusal(value, f"Choose one of {', '.join(map(repr, self.options))}.")
        if self.kind is Kind.SWITCH and isinstance(value, bool):
            return value
        if self.kind is Kind.TEXT and isinstance(value, str):
            return value
        if self.kind in (Kind.SWITCH, Kind.TEXT):
            raise self._refusal(value, "Give True or False." if self.kind is Kind.SWITCH else "Give a text.")
        return self._checked_number(value)

    def _checked_number(self, value: object) -> int | float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self._refusal(value, "Give a number.")
        if self.is_whole and value != int(value):
            raise self._refusal(value, "Give a whole number.")
        if self.kind is not Kind.NUMBER and not self.low <= value <= self.high:
            raise self._refusal(value, f"It goes from {self.low:g} to {self.high:g}.")
        return int(value) if self.is_whole else float(value)

    def _refusal(self, value: object, how: str) -> InvalidValueError:
        return InvalidValueError(f"{self.name} can't be {value!r}. {how}")

    def from_view(self, shown: Any) -> Scalar:
        """Return the value that a control on the page stands at: of a slider with no more digits than it can mean."""
        if self.kind in (Kind.RANGE, Kind.LOG):
            number = min(max(float(f"{shown:.{_DIGITS}g}") if self.kind is Kind.LOG else shown, self.low), self.high)
            return round(number) if self.is_whole else _short(number)
        return shown  # type: ignore[no-any-return]  # the page's own type of value

    def view(self, value: Scalar, room: int) -> ValueWidget[Any]:
        """Return a control for the page, which stands at a value; `room` is what its name has, in characters."""
        import ipywidgets

        style = {"description_width": f"{room}ch"}
        common: dict[str, Any] = {"description": self.name, "style": style, "layout": {"width": f"{room + 36}ch"}}
        ends: dict[str, Any] = {"min": self.low, "max": self.high, "step": self.step, "continuous_update": False}
        match self.kind:
            case Kind.CHOICE:
                return ipywidgets.Dropdown(options=[(str(each), each) for each in self.options], value=value, **common)
            case Kind.SWITCH:
                return ipywidgets.Checkbox(value=value, indent=True, **common)
            case Kind.TEXT:
                return ipywidgets.Text(value=value, continuous_update=False, **common)
            case Kind.NUMBER:
                kind = ipywidgets.IntText if self.is_whole else ipywidgets.FloatText
                return kind(value=value, **common)
            case Kind.LOG:
                low, high = math.log10(self.low), math.log10(self.high)
                ends |= {"min": low, "max": high, "step": (high - low) / _STEPS, "readout_format": ".4g"}
                return ipywidgets.FloatLogSlider(value=value, **ends, **common)
            case Kind.RANGE if self.is_whole:
                whole = {name: int(ends[name]) for name in ("min", "max", "step")}
                return ipywidgets.IntSlider(value=value, **{**ends, **whole}, **common)
            case Kind.RANGE:
                return ipywidgets.FloatSlider(value=value, readout_format=".4g", **ends, **common)


def controls_of(offers: Mapping[str, object]) -> tuple[Control, ...]:
    """Return the controls that somebody asks for: ``C=(0.01, 10, "log"), kind=["svc", "rf"]``.

    Raises
    ------
    InvalidValueError
        If a name or what is offered under it can't be used.
    """
    if not offers:
        raise InvalidValueError(f"No control is named. {_HOW} Such as C=(0.01, 10, 'log').")
    return tuple(_control(name, offer) for name, offer in offers.items())


def views_of(controls: Sequence[Control], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return controls for the page by name, beneath each other, which stand at values."""
    room = max(6, *(len(each.name) + 1 for each in controls)) if controls else 0
    return {each.name: each.view(values[each.name], room) for each in controls}


def _control(name: str, offer: object) -> Control:
    if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_") or name == "keys":
        raise InvalidValueError(f"A control can't be called {name!r}. Give it a plain name, such as rate.")
    if isinstance(offer, bool):
        return Control(name=name, kind=Kind.SWITCH, first=offer)
    if isinstance(offer, str):
        return Control(name=name, kind=Kind.TEXT, first=offer)
    if isinstance(offer, int | float) and math.isfinite(offer):
        return Control(name=name, kind=Kind.NUMBER, first=offer)
    if isinstance(offer, list) and offer and all(isinstance(each, bool | int | float | str) for each in offer):
        return Control(name=name, kind=Kind.CHOICE, first=offer[0], options=tuple(dict.fromkeys(offer)))
    if isinstance(offer, tuple) and 2 <= len(offer) <= 3 and all(map(_is_number, offer[:2])):
        return _range(name, *offer)
    raise InvalidValueError(f"{name}={offer!r} is no control. {_HOW}")


def _range(name: str, low: float, high: float, step: object = None) -> Control:
    if not low < high:
        raise InvalidValueError(f"{name} goes from {low!r} to {high!r}: the second has to be more than the first.")
    is_whole = isinstance(low, int) and isinstance(high, int) and (step in (None, _LOG) or isinstance(step, int))
    if step == _LOG:
        if low <= 0:
            raise InvalidValueError(f"{name} begins at {low!r}, and a logarithmic range begins above 0.")
        middle: float = float(f"{math.sqrt(low * high):.{_DIGITS}g}")
        return Control(
            name=name, kind=Kind.LOG, first=round(middle) if is_whole else middle, low=float(low), high=float(high)
        )
    by = (max(1, (high - low) // _STEPS) if is_whole else (high - low) / _STEPS) if step is None else step
    if not _is_number(by) or not 0 < by <= high - low:
        raise InvalidValueError(f"{name} can't go by steps of {step!r}. {_HOW}")
    first = low + int((high - low) / by / 2) * by
    return Control(
        name=name, kind=Kind.RANGE, first=int(first) if is_whole else _short(first), low=low, high=high, step=by
    )


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _short(number: float) -> float:
    """Return a number without the last digits that only come of adding steps up."""
    return float(f"{number:.12g}")
