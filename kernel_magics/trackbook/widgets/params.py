"""``Params``: controls whose values are the params of the cells that read them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from trackbook.capture.chosen import Chosen, assign, choose, settled_values, value_of, values_of
from trackbook.display import format as fmt
from trackbook.display.blocks import Cell, Column, Table
from trackbook.display.shown import Shown, shown
from trackbook.errors import InvalidValueError
from trackbook.widgets.controls import Control, Scalar, controls_of, views_of
from trackbook.widgets.page import LOOK, StillCopy, has_widgets, need_widgets, show

if TYPE_CHECKING:
    from ipywidgets import VBox, Widget

_CONTROLS = "_controls"


class Params(Chosen):
    """Controls whose values are params: ``p = Params(C=(0.01, 10, "log"), kind=["svc", "rf"])``, then ``p.C``.

    What a cell reads of it is on record like a constant that was written there, and a param of the run that it flows
    into. A cell reads what the controls stood at when it began; to move one while it runs is for the next cell. Also
    ``p["C"]``, ``dict(p)``, ``SVC(**p)`` and, in code, ``p.C = 0.5``.

    Parameters
    ----------
    offers
        By name ``(low, high)``, ``(low, high, step)``, ``(low, high, "log")`` (whole numbers where all are whole), a
        list of choices, ``True`` or ``False``, a number, or a text. A range begins in its middle, a choice at its
        first.

    Raises
    ------
    InvalidValueError
        If a name or an offer can't be used.
    """

    def __init__(self, **offers: object) -> None:
        controls = controls_of(offers)
        super().__init__({each.name: each.first for each in controls})
        self.__dict__[_CONTROLS] = controls

    def __getattr__(self, name: str) -> Scalar:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return value_of(self, name)  # type: ignore[return-value]  # controls hold nothing else
        except KeyError:
            raise AttributeError(f"There is no control {name!r}. There are: {', '.join(self)}.") from None

    def __setattr__(self, name: str, value: object) -> None:
        control = next((each for each in self.__dict__[_CONTROLS] if each.name == name), None)
        if control is None:
            raise AttributeError(f"There is no control {name!r}. There are: {', '.join(self)}.")
        checked = control.checked(value)
        assign(self, name, checked)
        view = _views.get(self, {}).get(name)
        if view is not None:
            view.value = checked

    def __getitem__(self, name: str) -> Scalar:
        return value_of(self, name)  # type: ignore[return-value]  # see above

    def __iter__(self) -> Iterator[str]:
        return iter(values_of(self))

    def __len__(self) -> int:
        return len(values_of(self))

    def keys(self) -> list[str]:
        """Return the names of the controls: what makes ``dict(p)`` and ``SVC(**p)`` work."""
        return [*self]

    def __dir__(self) -> list[str]:
        return [*self]

    def __reduce__(self) -> tuple[Any, ...]:
        return _made_again, (self.__dict__[_CONTROLS], settled_values(self))

    def __repr__(self) -> str:
        return f"Params({', '.join(f'{name}={value!r}' for name, value in values_of(self).items())})"

    def _ipython_display_(self) -> None:

        _copies[self] = show(_box(self) if has_widgets() else None, lambda: _still(self))

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        still = _still(self)
        view = _box(self)._repr_mimebundle_() if has_widgets() else {}
        return {**view, "text/plain": still.text, "text/html": still.html}


_views: WeakKeyDictionary[Params, dict[str, Any]] = WeakKeyDictionary()
_boxes: WeakKeyDictionary[Params, VBox] = WeakKeyDictionary()
_copies: WeakKeyDictionary[Params, StillCopy] = WeakKeyDictionary()


def controls_for(params: Params) -> Widget:
    """Return the controls themselves, to put them into a layout of one's own; each time the same.

    Raises
    ------
    InvalidValueError
        If ipywidgets isn't installed.
    """
    need_widgets()
    return _box(params)


def _box(params: Params) -> VBox:
    import ipywidgets

    if params not in _boxes:
        controls: tuple[Control, ...] = params.__dict__[_CONTROLS]
        values = values_of(params)
        views = _views[params] = views_of(controls, values)
        for control in controls:
            _follow(params, control, views[control.name])
        _boxes[params] = ipywidgets.VBox([*views.values()])
    return _boxes[params]


def _follow(params: Params, control: Control, view: Any) -> None:
    def moved(change: Any) -> None:
        try:
            value = control.checked(control.from_view(change["new"]))
        except InvalidValueError:  # a number that is no number is put back
            view.value = values_of(params)[control.name]
            return
        choose(params, control.name, value)
        if params in _copies:
            _copies[params].update()

    view.observe(moved, "value")


def _still(params: Params) -> Shown:
    rows = tuple(
        (Cell(text=fmt.one_line(name)), Cell(text=fmt.value(each))) for name, each in values_of(params).items()
    )
    return shown([Table(columns=(Column(title="Param"), Column(title="Value")), rows=rows)], LOOK)


def _made_again(controls: tuple[Control, ...], values: dict[str, Scalar]) -> Params:
    """Return what a copy or a pickle of controls holds."""
    made = Params.__new__(Params)
    Chosen.__init__(made, values)
    made.__dict__[_CONTROLS] = controls
    return made
