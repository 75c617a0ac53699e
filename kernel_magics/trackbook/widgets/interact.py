"""``@trackbook.interact``: a function with controls, of which each settled setting is a run."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, overload

from trackbook.display.blocks import Sentence, Tone
from trackbook.display.runs import table_of
from trackbook.display.shown import Shown, shown
from trackbook.errors import InvalidValueError
from trackbook.records import RunDetail
from trackbook.store.contract import RunFilter
from trackbook.tracking.here import recorder_here
from trackbook.widgets.after_cells import cell_has_ended
from trackbook.widgets.controls import Control, Scalar, controls_of, views_of
from trackbook.widgets.page import LOOK, Page, has_widgets
from trackbook.widgets.recorded import Ran, run_recorded
from trackbook.widgets.settling import Settling

if TYPE_CHECKING:
    from ipywidgets import Widget

Function = TypeVar("Function", bound=Callable[..., object])
_MOST_LISTED = 20
_REPRODUCING = "trackbook.pipelines.reproducing.kernel"  # what the kernel of a reproduction is started as


@overload
def interact(function: Function, /, **offers: object) -> Function: ...
@overload
def interact(**offers: object) -> Callable[[Function], Function]: ...
def interact(function: Any = None, /, **offers: object) -> Any:
    """Give a function controls, and make each setting at which they come to rest a run.

    ::

        @trackbook.interact(C=(0.01, 10.0, "log"), kind=["svc", "rf"])
        def train(C, kind):
            ...

    The function is called when its cell has ended, and again whenever the controls have been still for a moment, each
    time as a cell of its own (``train(C=0.5, kind='svc')``): it has lineage, can be sliced and made again. A setting
    that was the last one already is not run twice. The function itself stays as it is.

    Parameters
    ----------
    function
        A function of the notebook, for use without ``@``.
    offers
        What each of its parameters can be, as for `trackbook.widgets.Params`; the others keep their defaults.

    Raises
    ------
    InvalidValueError
        If an offer can't be used, or the function doesn't take what is offered.
    """
    controls = controls_of(offers)

    def decorate(decorated: Function) -> Function:
        _check(decorated, controls)
        Interaction(decorated, controls).show_in_cell()
        return decorated

    return decorate if function is None else decorate(function)


def _check(function: Callable[..., object], controls: tuple[Control, ...]) -> None:
    try:
        inspect.signature(function).bind(**{each.name: each.first for each in controls})
    except TypeError as error:
        name = getattr(function, "__name__", "The function")
        raise InvalidValueError(f"{name} can't be called with these controls: {error}. Name its parameters.") from None


class Interaction(Page):
    """A function, its controls, what it showed last and the runs that came of it."""

    def __init__(self, function: Callable[..., object], controls: tuple[Control, ...]) -> None:
        from IPython.core.getipython import get_ipython

        self._shell: Any = get_ipython()
        self._function = function
        self._name = str(getattr(function, "__name__", ""))
        self._controls = controls
        self._setting: dict[str, Scalar] = {each.name: each.first for each in controls}
        self._ran: Mapping[str, Scalar] | None = None
        self._runs: list[RunDetail] = []
        self._output: Any = None
        self._table: Any = None
        self._settling = Settling(self._shell, self.run)

    def show_in_cell(self) -> None:
        """Show the controls, and run the first setting when the cell has ended; in a script neither."""
        if self._shell is None:
            return
        self._ipython_display_()
        if has_widgets() and not self._is_made_again():
            self._shell.events.register("post_run_cell", self._run_first)

    def _is_made_again(self) -> bool:
        """Return whether the notebook is a step or a reproduction: then only what it says itself is to run."""
        recorder = recorder_here()
        is_step = recorder is not None and recorder.explicit.around is not None
        return is_step or _REPRODUCING in sys.orig_argv

    def _run_first(self, _result: object) -> None:
        self._shell.events.unregister("post_run_cell", self._run_first)
        self.run()

    def run(self) -> None:
        """Run the setting that the controls stand at, unless it was the last one."""
        setting = dict(self._setting)
        if setting == self._ran:
            return
        self._ran = setting
        arguments = ", ".join(f"{name}={value!r}" for name, value in setting.items())
        if self._shell.user_ns.get(self._name) is not self._function:
            sentence = (
                f"The notebook has no function {self._name!r} any more that has these controls. Run its cell again."
            )
            self._tell({"output_type": "stream", "name": "stderr", "text": sentence})
            return
        ran = run_recorded(self._shell, f"{self._name}({arguments})")
        self._tell(*ran.outputs)
        self._add_runs(ran)

    def _tell(self, *outputs: dict[str, Any]) -> None:
        self.widget()
        self._output.outputs = outputs

    def _add_runs(self, ran: Ran) -> None:
        recorder = recorder_here()
        if recorder is None or ran.execution_id is None:
            return
        store = recorder.keeper.store
        ids = [run_id for each in store.executions(ids=[ran.execution_id]) for run_id in each.run_ids]
        if ids:
            known = [each.run.run_id for each in self._runs]
            self._runs = store.runs(RunFilter(ids=[*ids, *known], limit=_MOST_LISTED))
        self._table.value = self.still().html
        cell_has_ended()
        self._changed()

    # What is shown

    def _build(self) -> Widget:
        import ipywidgets

        views = [*views_of(self._controls, self._setting).values()]
        for control, view in zip(self._controls, views, strict=True):
            view.observe(lambda change, control=control: self._moved(control, change), "value")
        self._output = ipywidgets.Output()
        self._table = ipywidgets.HTML()
        return ipywidgets.VBox([*views, self._output, self._table])

    def _moved(self, control: Control, change: Any) -> None:
        try:
            self._setting[control.name] = control.checked(control.from_view(change["new"]))
        except InvalidValueError:  # no number: it is put back
            change["owner"].value = self._setting[control.name]
            return
        self._settling.stir()

    def still(self) -> Shown:
        """Return the runs that came of it as text and HTML."""
        if not self._runs:
            arguments = ", ".join(f"{name}={value!r}" for name, value in self._setting.items())
            return shown([Sentence(text=f"No run yet of {self._name}({arguments}).", tone=Tone.QUIET)], LOOK)
        return shown([table_of(self._runs, LOOK)], LOOK)
