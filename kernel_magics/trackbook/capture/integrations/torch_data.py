"""The data that a PyTorch training reads: tensors, tables, and what its loaders and datasets hold."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from trackbook.capture.hooks import Call
from trackbook.capture.integrations.estimators import class_name
from trackbook.capture.integrations.torch_models import attributes_of
from trackbook.capture.loops import StepByStep
from trackbook.capture.observed_tables import role_by_name
from trackbook.capture.observer import Observer
from trackbook.capture.tables import is_table
from trackbook.records import DatasetUse, Role

_MOST_COPIED = 64 << 20  # bytes that are copied from a device to be fingerprinted
_DEEPEST = 4


class TrainingData:
    """What a training reads from outside its loops.

    Parameters
    ----------
    loop
        The training, at its first step.
    """

    def __init__(self, observer: Observer, call: Call, loop: StepByStep) -> None:
        self._observer = observer
        self._call = call
        self._loop = loop
        self._loaders: list[tuple[Any, Role]] = []

    def uses(self) -> list[DatasetUse]:
        """Describe the tables, those that are trained on first."""
        found: dict[tuple[str, Role | None], DatasetUse] = {}
        for name, value, expression in self._values():
            role = self._observer.tables.role(self._call, value, expression) or role_by_name(name) or Role.TRAIN
            if _is_loader(value):
                self._loaders.append((value, role))
            for use in self._described(value, self._name(value, name), role, expression, 0):
                found.setdefault((use.name, use.role), use)
        return sorted(found.values(), key=lambda use: use.role is not Role.TRAIN)

    def _values(self) -> Iterator[tuple[str, object, ast.expr]]:
        """Yield what is data, each object once; also what an object of the person's (``self``) holds."""
        seen: set[int] = set()
        for name, value, expression in self._loop.read:
            held = attributes_of(value).items() if not _is_data(value) and not _is_module(value) else ()
            for label, each in [(name, value), *((f"{name}.{key}", part) for key, part in held)]:
                if _is_data(each) and id(each) not in seen:
                    seen.add(id(each))
                    yield label, each, expression

    def params(self) -> dict[str, object]:
        """Return the params that the loaders of what is trained on know; after `uses`."""
        loaders = [loader for loader, role in self._loaders if role is Role.TRAIN]
        loss_class: Any = sys.modules["torch"].nn.modules.loss._Loss
        losses = {type(value).__name__ for _, value, _ in self._loop.read if isinstance(value, loss_class)}
        found: dict[str, object] = {"loss": losses.pop()} if len(losses) == 1 else {}
        if loaders and loaders[0].batch_size is not None:
            found["batch_size"] = loaders[0].batch_size
        return found

    def _name(self, value: object, name: str) -> str:
        return self._observer.name_of(self._call, value, None) or name

    def _described(self, value: Any, name: str, role: Role, expression: ast.expr, depth: int) -> Iterator[DatasetUse]:
        if depth > _DEEPEST:
            return
        if is_table(value):
            described = self._observer.tables.uses(self._call, [(value, expression, role)])
            yield from (replace(use, name=name) for use in described)
        elif _is_tensor(value):
            yield self._tensor(value, name, role, expression)
        elif _is_loader(value):
            yield from self._described(value.dataset, self._name(value.dataset, name), role, expression, depth + 1)
        else:
            parts = list(_parts(value))
            for label, part in parts:
                known = self._observer.name_of(self._call, part, None)
                yield from self._described(part, known or f"{name}.{label}", role, expression, depth + 1)
            if not parts:
                yield DatasetUse(name=name, kind=class_name(value), role=role, rows=_length(value))

    def _tensor(self, tensor: Any, name: str, role: Role, expression: ast.expr) -> DatasetUse:
        size = tensor.numel() * tensor.element_size()
        kind, shape = class_name(tensor).replace("torch._tensor", "torch"), tuple(tensor.shape)
        if tensor.is_sparse or (tensor.device.type != "cpu" and size > _MOST_COPIED):
            return DatasetUse(name=name, kind=kind, role=role, rows=shape[0], shape=shape)
        try:
            array = tensor.detach().cpu().numpy()
        except (TypeError, RuntimeError):  # a dtype that numpy has not
            array = tensor.detach().cpu().float().numpy()
        described = self._observer.tables.uses(self._call, [(array, expression, role)])
        return replace(described[0], name=name, kind=kind)


def _is_data(value: object) -> bool:
    torch: Any = sys.modules["torch"]
    if _is_tensor(value):
        return not isinstance(value, torch.nn.Parameter) and not value.requires_grad  # type: ignore[attr-defined]
    return is_table(value) or isinstance(value, torch.utils.data.Dataset) or _is_loader(value)


def _is_module(value: object) -> bool:
    torch: Any = sys.modules["torch"]
    return isinstance(value, torch.nn.Module | torch.optim.Optimizer)


def _is_tensor(value: object) -> bool:
    torch: Any = sys.modules["torch"]
    return isinstance(value, torch.Tensor) and value.ndim > 0


def _is_loader(value: object) -> bool:
    torch: Any = sys.modules["torch"]
    return isinstance(value, torch.utils.data.DataLoader)


def _parts(dataset: Any) -> Iterator[tuple[str, Any]]:
    """Yield the tables that a dataset holds, by place or attribute; of a subset those of the whole."""
    tensors = getattr(dataset, "tensors", None)
    if isinstance(tensors, tuple | list):
        yield from ((str(place), tensor) for place, tensor in enumerate(tensors))
        return
    inner = getattr(dataset, "dataset", None)
    if inner is not None:
        yield "dataset", inner
        yield from (("indices", each) for each in [_array(getattr(dataset, "indices", None))] if each is not None)
        return
    attributes = getattr(dataset, "__dict__", {})
    yield from ((name, each) for name, each in attributes.items() if is_table(each) or _is_tensor(each))


def _array(indices: object) -> Any:
    numpy: Any = sys.modules.get("numpy")
    return numpy.asarray(indices) if numpy is not None and indices is not None else None


def _length(value: Any) -> int | None:
    try:
        return len(value)
    except TypeError:  # it goes on for ever
        return None
