"""What all widgets have in common: a live part of ipywidgets, and a still copy that a saved notebook keeps.

A page that has no kernel shows no ipywidgets: JupyterLab then says "model not found". So what a widget shows is put
into the notebook a second time, as HTML and text, and the live part hides that copy for as long as it is there.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from trackbook import clock
from trackbook.display.blocks import Sentence, Tone
from trackbook.display.shown import Look, Shown, shown

if TYPE_CHECKING:
    from ipywidgets import Widget

MISSING = "Controls need ipywidgets, which isn't installed here. Install it: pip install 'trackbook[widgets]'."
CHARTS_MISSING = "Charts need plotly, which isn't installed here. Install it: pip install 'trackbook[widgets]'."
LOOK = Look(command="%track")


def has_widgets() -> bool:
    """Return whether ipywidgets is installed."""
    return find_spec("ipywidgets") is not None


class Page:
    """Something that shows itself live where ipywidgets is, and as text and HTML everywhere."""

    _live: Widget | None = None
    _still: StillCopy | None = None

    def still(self) -> Shown:
        """Return what is shown as text and HTML."""
        raise NotImplementedError

    def _build(self) -> Widget:
        """Return the live part; only called where ipywidgets is."""
        raise NotImplementedError

    def widget(self) -> Widget:
        """Return the live part, to put it into a layout of one's own; each time the same.

        Raises
        ------
        InvalidValueError
            If ipywidgets isn't installed.
        """
        if self._live is None:
            need_widgets()
            self._live = self._build()
        return self._live

    def _ipython_display_(self) -> None:
        self._still = show(self.widget() if has_widgets() else None, self.still)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        still = self.still()
        bundle: dict[str, Any] = {"text/plain": still.text, "text/html": still.html}
        if has_widgets():
            view = self.widget()._repr_mimebundle_()
            bundle = {**view, **bundle}
        return bundle

    def __repr__(self) -> str:
        return self.still().text

    def _changed(self) -> None:
        """The live part shows something else: so shall the copy."""
        if self._still is not None:
            self._still.update()


class StillCopy:
    """The copy of what a widget shows, in the output of a cell."""

    def __init__(self, draw: Callable[[], Shown], *, is_hidden: bool) -> None:
        self._draw = draw
        self._id = clock.new_id()
        self._class = f"tb-still-{self._id}" if is_hidden else ""
        self._last: dict[str, str] = {}

    @property
    def style(self) -> str:
        """What hides the copy, as HTML."""
        return f"<style>.{self._class} {{ display: none; }}</style>"

    def _bundle(self) -> dict[str, str]:
        drawn = self._draw()
        html = f'<div class="{self._class}">{drawn.html}</div>' if self._class else drawn.html
        return {"text/plain": drawn.text, "text/html": html}

    def show(self) -> None:
        """Put the copy into the output of the cell that runs."""
        self._publish(update=False)

    def update(self) -> None:
        """Draw the copy again where it stands."""
        self._publish(update=True)

    def _publish(self, *, update: bool) -> None:
        from IPython.display import publish_display_data

        bundle = self._bundle()
        if bundle != self._last:
            publish_display_data(bundle, transient={"display_id": self._id}, update=update)  # type: ignore[no-untyped-call]  # IPython has no types here
            self._last = bundle


def show(live: Widget | None, draw: Callable[[], Shown]) -> StillCopy:
    """Show a live part with its copy, or, where ipywidgets is missing, the copy and how to get the rest."""
    from IPython.display import display

    copy = StillCopy(draw, is_hidden=live is not None)
    if live is not None:
        import ipywidgets

        hiding = ipywidgets.HTML(copy.style, layout={"display": "none"})
        whole = ipywidgets.VBox([hiding, live])
        view = whole._repr_mimebundle_()
        display({**view, "text/plain": "What it showed follows."}, raw=True)  # type: ignore[no-untyped-call]  # see above
    copy.show()
    if live is None:
        display(shown([Sentence(text=MISSING, tone=Tone.QUIET)], LOOK))  # type: ignore[no-untyped-call]  # see above
    return copy


def need_widgets() -> None:
    """Raise the sentence that says what to install, where ipywidgets is missing."""
    from trackbook.errors import InvalidValueError

    if not has_widgets():
        raise InvalidValueError(MISSING)
