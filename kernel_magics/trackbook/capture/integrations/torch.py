"""PyTorch: a training is a loop that a person writes, so its fit is known by the first step of an optimizer.

Every optimizer calls `Optimizer._optimizer_step_code` once a step, which is there for instruments such as this. All
but the first step of an optimizer in a cell costs one look into a dictionary. The fit ends with its cell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import count
from types import FrameType, ModuleType
from typing import Any
from weakref import WeakKeyDictionary, ref

from trackbook import clock
from trackbook.capture.events import FitEvent, LogEvent
from trackbook.capture.hooks import Call, Hooks
from trackbook.capture.integrations import torch_models as models
from trackbook.capture.integrations.estimators import class_name, params_of
from trackbook.capture.integrations.torch_data import TrainingData
from trackbook.capture.library_marks import set_state
from trackbook.capture.loops import StepByStep, is_one_training
from trackbook.capture.ownership import is_persons_class
from trackbook.capture.trace import Flowing, Trace
from trackbook.records import Model

_NOT_COMPILED = "_dynamo_marked_constant"  # has torch.compile call the function once, and not look into its code
_UNSEEDED = "torch (no torch.manual_seed)"


@dataclass(slots=True, eq=False)
class _Training:
    """An optimizer at work in the cell that runs. `event` is None where a library's own fit has it step."""

    optimizer: ref[object]
    event: FitEvent | None
    trace: Trace | None
    began: int
    cell: object
    """The list of events of its cell, which is another one for each."""
    steps: int = 1


class TorchIntegration:
    """Support for training loops of PyTorch, and for what logs to TensorBoard."""

    modules = (
        "torch.optim.optimizer",
        "torch.optim.lr_scheduler",
        "torch.nn.modules.module",
        "torch.nn.parameter",
        "torch.random",
        "torch.serialization",
        "torch.utils.tensorboard.writer",
    )

    def __init__(self) -> None:
        self._running: dict[int, _Training] = {}  # by the optimizer's id
        self._order = count()
        self._born: WeakKeyDictionary[object, int] = WeakKeyDictionary()
        self._schedules: WeakKeyDictionary[object, dict[str, object]] = WeakKeyDictionary()
        self._given: WeakKeyDictionary[object, dict[str, object]] = WeakKeyDictionary()
        self._is_seeded = False

    def attach(self, module: ModuleType, hooks: Hooks) -> None:
        """Watch the functions of one of PyTorch's modules."""
        self._hooks = hooks
        self._observer = hooks.observer
        match module.__name__:
            case "torch.optim.optimizer":
                self._begin = hooks.guarded(self._first_step)
                hooks.watch_often(module.Optimizer._optimizer_step_code, self._step, _NOT_COMPILED)
                hooks.watch_maker(module.Optimizer.__init__, self._optimizer_made)
            case "torch.optim.lr_scheduler":
                for kind in (module.LRScheduler, module.ReduceLROnPlateau):
                    hooks.watch_maker(kind.__init__, self._scheduler_made)
            case "torch.nn.modules.module":
                self._note_arguments = hooks.guarded(self._module_made)
                hooks.watch_often(module.Module.__init__, self._note_arguments)
            case "torch.nn.parameter":
                for kind in (module.Parameter, module.torch.Tensor):
                    set_state(kind, models.state_of_tensor)
            case "torch.random":
                hooks.watch_maker(module.manual_seed, self._seeded)
            case "torch.serialization":
                hooks.watch(module.load, on_return=self._loaded)
            case "torch.utils.tensorboard.writer":
                for name in ("add_scalar", "add_scalars", "add_hparams"):
                    hooks.watch(getattr(module.SummaryWriter, name), on_return=self._written)

    # What is made

    def _optimizer_made(self, optimizer: object, _: object) -> None:
        self._born[optimizer] = next(self._order)

    def _scheduler_made(self, scheduler: Any, _: object) -> None:
        self._schedules[scheduler.optimizer] = models.scheduler_params(scheduler)

    def _module_made(self, frame: FrameType) -> None:
        """Note what a person's module is made with: ``super().__init__()`` is called by its own ``__init__``."""
        module, maker = frame.f_locals["self"], frame.f_back
        if is_persons_class(type(module)) and maker is not None and maker.f_code.co_name == "__init__":
            self._given[module] = models.arguments_of(maker)

    def _seeded(self, _: object, __: object) -> None:
        self._is_seeded = True

    def _loaded(self, call: Call, result: object) -> None:
        path = call.arguments.get("f")
        if call.is_direct and (isinstance(path, str) or hasattr(path, "__fspath__")):
            self._observer.tables.add_read(call, path, None)

    # Steps

    def _step(self, frame: FrameType) -> None:
        optimizer = frame.f_locals["self"]
        known = self._running.get(id(optimizer))
        if known is not None and known.cell is self._observer.events and known.optimizer() is optimizer:
            known.steps += 1
        elif self._observer.is_listening:
            self._begin(optimizer, frame)

    def _first_step(self, optimizer: Any, frame: FrameType) -> None:
        """A training begins, or another optimizer takes its first step in one that has begun."""
        began = next(self._order)
        call = self._hooks.call_at(frame, "step")
        trace, cell = call.trace if call is not None else None, self._observer.events
        training = _Training(ref(optimizer), None, trace, began, cell)
        self._running = {key: each for key, each in self._running.items() if each.cell is cell}
        self._running[id(optimizer)] = training
        if call is None:
            return
        trained = models.find_trained(self._observer.values_at(call, frame), optimizer)
        loop = self._observer.step_by_step(call, frame.f_back, [optimizer, *trained])
        joined = self._joined(training, optimizer)
        if joined is not None:
            training.event = joined
            self._join(joined, call, optimizer, trained)
            return
        training.event = self._new_fit(call, training, optimizer, trained, loop)

    def _new_fit(
        self, call: Call, training: _Training, optimizer: Any, trained: list[Any], loop: StepByStep
    ) -> FitEvent:
        data = TrainingData(self._observer, call, loop)
        earlier = self._observer.models.fit_of(trained[0]) if trained else None
        event = FitEvent(
            at=clock.now(),
            inputs=loop.inputs,
            call_site=(*call.trace.call_site, "fit"),
            data=data.uses(),
            run_id=clock.new_id(),
            run_name=clock.new_name(),
            estimator=class_name(trained[0] if trained else optimizer),
            hyper={},
            begins_from=models.digest(trained or models.parameters_of(optimizer)),
            unseeded=[] if self._is_seeded or earlier is not None else [_UNSEEDED],
        )
        given = self._given.get(trained[0], {}) if trained else {}
        hyper = {
            **models.optimizer_params(optimizer),
            **self._schedules.get(optimizer, {}),
            **models.module_params(trained),
            **given,
            **data.params(),
            **loop.turns,
        }
        event.hyper = params_of(hyper)
        event.rebound = loop.rebound
        details: dict[str, object] = {"continues": earlier.run_name} if earlier is not None else {}
        main = trained[0] if trained else models.parameters_of(optimizer)[0]
        name = self._observer.name_of(call, main, None) or type(main).__name__
        model = models.describe(main, name, optimizer, details)
        weak = [ref(each) for each in trained]
        event.finish = self._hooks.guarded(lambda: self._finish(event, training, weak, model))
        self._observer.add_training(call, event, trained, loop)
        return event

    def _joined(self, training: _Training, optimizer: object) -> FitEvent | None:
        """Return the fit that another optimizer has begun in the same loop, both being there before."""
        for other in self._running.values():
            is_older = self._born.get(optimizer, 0) < other.began
            if (
                other is training
                or other.event is None
                or not is_older
                or other.trace is None
                or training.trace is None
            ):
                continue
            if is_one_training(other.trace, training.trace):
                return other.event
        return None

    def _join(self, event: FitEvent, call: Call, optimizer: Any, trained: list[Any]) -> None:
        name = self._observer.name_of(call, optimizer, None) or type(optimizer).__name__
        aside = models.default_params(optimizer)
        settings = models.optimizer_params(optimizer).items()
        chosen = {f"{name}.{key}": value for key, value in settings if key not in aside}
        event.hyper = {**event.hyper, **params_of(chosen)}
        others = event.hyper.get("also_trained")
        classes = [type(each).__name__ for each in trained]
        event.hyper = {**event.hyper, "also_trained": [*(others if isinstance(others, list) else []), *classes]}
        for each in trained:
            self._observer.end_fit(event, [each])
        event.has_ended = False

    def _finish(self, event: FitEvent, training: _Training, trained: list[ref[Any]], model: Model) -> None:
        """The cell has ended: say what the training has made. A module that is gone is as it was at the first step."""
        alive = [module for each in trained if (module := each()) is not None]
        ended = params_of(models.progress(training.optimizer(), training.steps))
        event.model = replace(model, details={**model.details, **ended})
        self._observer.end_fit(event, alive)
        self._running = {key: each for key, each in self._running.items() if each.event is not event}

    # TensorBoard

    def _written(self, call: Call, _: object) -> None:
        """A person wrote to TensorBoard: the same numbers are metrics, the same settings params."""
        if not call.is_outermost:
            return
        given = call.arguments
        step = given.get("global_step")
        at = step if isinstance(step, int) and not isinstance(step, bool) else None
        match call.name:
            case "add_scalar":
                self._log(call, {str(given.get("tag")): given.get("scalar_value")}, at, "scalar_value")
            case "add_scalars":
                scalars = {f"{given.get('main_tag')}/{tag}": value for tag, value in given["tag_scalar_dict"].items()}
                self._log(call, scalars, at, "tag_scalar_dict")
            case "add_hparams":
                params = params_of(given.get("hparam_dict") or {})
                self._observer.events.append(LogEvent(at=clock.now(), inputs=Flowing(), logged=params))
                self._log(call, given.get("metric_dict") or {}, at, "metric_dict")

    def _log(self, call: Call, values: Mapping[str, Any], step: int | None, place: str) -> None:
        numbers = {str(key): value for key, each in values.items() if (value := models.scalar(each)) is not None}
        self._observer.add_metrics_logged_by(call, numbers, step, place)
