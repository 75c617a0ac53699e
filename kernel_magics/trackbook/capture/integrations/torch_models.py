"""Facts about PyTorch's modules, optimizers and tensors. Nothing is imported: an object of torch comes with torch."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping
from types import FrameType
from typing import Any

from trackbook import clock
from trackbook.capture.integrations.estimators import class_name, params_of
from trackbook.capture.integrations.results import number
from trackbook.capture.ownership import is_persons_class
from trackbook.capture.trace import Level
from trackbook.records import JsonValue, Model

_MOST_BYTES = 32 << 20  # of a tensor that is read whole to see whether it changed
_SAMPLE = 4096  # elements of each parameter that stand for it
_MOST_LAYERS = 50
_MOST_HELD = 1000
_PLAIN = (str, bool, int, float)


# What is trained


def parameters_of(optimizer: Any) -> list[Any]:
    """Return the tensors that an optimizer changes."""
    return [each for group in optimizer.param_groups for each in group["params"]]


def find_trained(values: Iterable[tuple[Level, Mapping[str, object]]], optimizer: Any) -> list[Any]:
    """Return the modules whose parameters an optimizer changes, the main one first.

    Of several that have them all it is the largest, the person's own before a library's wrapper of it. None if the
    tensors belong to no module.
    """
    wanted = {id(each) for each in parameters_of(optimizer)}
    held = {id(module): module for _, named in values for module in _modules(named)}
    sizes = {key: {id(each) for each in module.parameters()} for key, module in held.items()}
    whole = [key for key, own in sizes.items() if wanted <= own]
    if whole:
        return [held[max(whole, key=lambda key: (len(sizes[key]), is_persons_class(type(held[key]))))]]
    partial = [key for key, own in sizes.items() if wanted & own]
    chosen: list[Any] = []
    for key in sorted(partial, key=lambda key: -len(sizes[key])):
        if wanted & sizes[key]:
            wanted = wanted - sizes[key]
            chosen.append(held[key])
    return chosen


def _modules(named: Mapping[str, object]) -> Iterator[Any]:
    kind = sys.modules["torch"].nn.Module
    for value in list(named.values()):
        if isinstance(value, kind):
            yield value
            continue
        held = value if type(value) is dict else attributes_of(value)
        if 0 < len(held) <= _MOST_HELD:
            yield from (each for each in list(held.values()) if isinstance(each, kind))


def attributes_of(value: object) -> Mapping[str, object]:
    """Return the attributes of an object of the person's own class, without running any of its code."""
    if not is_persons_class(type(value)):
        return {}
    try:
        found = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return {}
    return found if type(found) is dict else {}


def digest(trained: Iterable[Any]) -> str | None:
    """Return a hash of the weights, by the first elements of each parameter; None where they can't be read."""
    from xxhash import xxh3_128

    hasher = xxh3_128()
    try:
        for each in trained:
            for tensor in each.parameters() if hasattr(each, "parameters") else [each]:
                hasher.update(f"{tuple(tensor.shape)}{tensor.dtype}".encode())
                hasher.update(_bytes(tensor.detach().reshape(-1)[:_SAMPLE]))
    except (
        RuntimeError,
        TypeError,
        NotImplementedError,
    ):  # a tensor without values: meta, lazy
        return None
    found: str = hasher.hexdigest()
    return found


def _bytes(tensor: Any) -> bytes:
    flat = tensor.detach().cpu().contiguous()
    content: bytes = flat.view(sys.modules["torch"].uint8).numpy().tobytes()
    return content


def state_of_tensor(tensor: Any) -> object:
    """Return what tells whether a tensor changed: its values, and of a large one or one on a device its version."""
    from xxhash import xxh3_128_digest

    about = (tuple(tensor.shape), str(tensor.dtype), str(tensor.device), tensor.requires_grad)
    if tensor.device.type == "cpu" and tensor.numel() * tensor.element_size() <= _MOST_BYTES:
        return about, xxh3_128_digest(_bytes(tensor.reshape(-1)))
    return about, tensor.data_ptr(), tensor._version


# Params


def optimizer_params(optimizer: Any) -> dict[str, object]:
    """Return an optimizer's class and settings; of several groups the first one's, and where others differ."""
    found: dict[str, object] = {"optimizer": type(optimizer).__name__}
    first, *others = [_settings(group) for group in optimizer.param_groups]
    found.update(first)
    for place, group in enumerate(others, 1):
        found.update({f"group_{place}.{key}": value for key, value in group.items() if first.get(key) != value})
    return found


def _settings(group: Mapping[str, Any]) -> dict[str, object]:
    values = {key: scalar(value) if hasattr(value, "item") else value for key, value in group.items()}
    values["lr"] = values.get("initial_lr", values.get("lr"))
    return {
        key: value
        for key, value in values.items()
        if key not in ("params", "initial_lr", "param_names") and _is_plain(value)
    }


def scheduler_params(scheduler: Any) -> dict[str, object]:
    """Return a schedule's class, and what it was made with."""
    found: dict[str, object] = {"scheduler": type(scheduler).__name__}
    for name in _parameters(type(scheduler)):
        value = getattr(scheduler, name, None)
        if name not in ("optimizer", "last_epoch", "verbose") and value is not None and _is_plain(value):
            found[f"scheduler.{name}"] = value
    return found


def module_params(trained: list[Any]) -> dict[str, object]:
    """Return the number of parameters that are trained, and the layers of a plain sequence of them."""
    torch = sys.modules["torch"]
    if not trained:
        return {}
    found: dict[str, object] = {"n_parameters": sum(each.numel() for module in trained for each in module.parameters())}
    if type(trained[0]) is torch.nn.Sequential and len(trained[0]) <= _MOST_LAYERS:
        found["layers"] = ", ".join(map(_layer, trained[0]))
    return found


def _layer(layer: Any) -> str:
    sizes = [getattr(layer, name, None) for name in ("in_features", "out_features")]
    sizes = sizes if sizes[0] is not None else [getattr(layer, name, None) for name in ("in_channels", "out_channels")]
    sizes = sizes if sizes[0] is not None else [getattr(layer, "p", None)]
    told = ", ".join(str(each) for each in sizes if each is not None)
    return type(layer).__name__ + (f"({told})" if told else "")


def arguments_of(maker: FrameType) -> dict[str, object]:
    """Return the plain arguments that an ``__init__`` was called with."""
    code = maker.f_code
    names = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]
    values = maker.f_locals
    return {name: values[name] for name in names if name in values and _is_plain(values[name])}


def _is_plain(value: object) -> bool:
    if isinstance(value, list | tuple):
        return len(value) < 50 and all(isinstance(each, _PLAIN) for each in value)
    return value is None or isinstance(value, _PLAIN)


def _parameters(kind: type) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(kind).parameters
    except (TypeError, ValueError):
        return {}


# Results


def scalar(value: Any) -> float | int | None:
    """Return a number, also one in a tensor of one element."""
    if hasattr(value, "numel") and hasattr(value, "item"):
        return number(value.item()) if value.numel() == 1 else None
    return number(value)


def describe(trained: Any, name: str, optimizer: Any, details: Mapping[str, object]) -> Model:
    """Describe a module, or a tensor of no module, that an optimizer trains."""
    is_module = hasattr(trained, "modules")
    leaves = [each for each in trained.modules() if not any(True for _ in each.children())] if is_module else []
    tensors = list(trained.parameters()) if is_module else [trained]
    told: dict[str, object] = {
        **details,
        "default_params": default_params(optimizer),
        "n_parameters": sum(each.numel() for each in tensors),
        "n_trained": sum(each.numel() for each in tensors if each.requires_grad),
        "layers": [_layer(each) for each in leaves[:_MOST_LAYERS]],
        "device": str(next((each.device for each in tensors), "cpu")),
    }
    kind = class_name(trained).replace("torch._tensor.", "torch.")
    return Model(
        model_id=clock.new_id(), name=name, class_name=kind, signature=_signature(leaves), details=params_of(told)
    )


def progress(optimizer: Any, steps: int) -> dict[str, object]:
    """Return how far a training came."""
    rates = [scalar(group.get("lr")) for group in optimizer.param_groups] if optimizer is not None else []
    return {"steps": steps, "last_lr": rates[0] if len(set(rates)) == 1 else rates} if rates else {"steps": steps}


def _signature(leaves: list[Any]) -> dict[str, JsonValue]:
    sizes = [size for each in leaves if isinstance(size := getattr(each, "in_features", None), int)]
    return {"inputs": [], "n_features": sizes[0] if sizes else None}


def default_params(optimizer: Any) -> list[str]:
    """Return the names of an optimizer's settings that are what its class takes when nobody says otherwise."""
    known = _parameters(type(optimizer))
    return [
        key
        for key, value in _settings(optimizer.param_groups[0]).items()
        if key != "lr" and (key not in known or known[key].default == value)
    ]
