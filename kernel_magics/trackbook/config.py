"""Settings: arguments go before the environment, that before ``trackbook.toml`` or ``pyproject.toml``."""

from __future__ import annotations

import math
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from traitlets import Bool, Float, HasTraits, Int, TraitError, Unicode

from trackbook.errors import InvalidValueError

_PREFIX = "TRACKBOOK_"


class Settings(HasTraits):
    """What a person can set. Each is also an environment variable: ``TRACKBOOK_EXPERIMENT``, ``TRACKBOOK_STORE``..."""

    store = Unicode(
        "", help="Folder or database URL of the store; empty: the nearest .trackbook, made if there is none."
    )
    experiment = Unicode("", help="The experiment that runs belong to; empty: the notebook's name without its ending.")
    lease_seconds = Float(60.0, help="How long a session counts as alive after its last heartbeat.")
    heartbeat_seconds = Float(10.0, help="How often a session says that it is alive.")
    live_seconds = Float(0.5, help="After how long a cell that still runs is written as running, and how often again.")
    output_bytes = Int(500_000, help="How much is kept of each text that a cell shows: its beginning and its end.")
    figure_bytes = Int(5_000_000, help="How large a figure or a page of HTML may be that is kept.")
    cell_output_bytes = Int(20_000_000, help="How much is kept of all that one cell shows; 0 keeps nothing.")
    snapshots = Bool(True, help="Whether the tables, files and models that flow into runs are kept: true or false.")
    snapshot_bytes = Int(512_000_000, help="How large a table or file may be, in memory or on disk, that is kept.")
    model_bytes = Int(100_000_000, help="How large a fitted model may be, in memory, that is kept.")
    budget_bytes = Int(20_000_000_000, help="How much kept tables, files and models may take together; 0 keeps none.")
    exit_seconds = Float(4.0, help="How long a kernel that ends waits for what is still being kept.")


def load_settings(start: Path, environ: Mapping[str, str] | None = None, **arguments: Any) -> Settings:
    """Return the settings that hold in a folder.

    Parameters
    ----------
    start
        Where to look for a file from, upwards.
    environ
        Environment variables; those of the process if None.
    arguments
        What goes before file and environment; None counts as not given.

    Raises
    ------
    InvalidValueError
        If a name is unknown or a value is none for its setting.
    """
    values = {**_from_file(start), **_from_environment(os.environ if environ is None else environ)}
    values.update({name: value for name, value in arguments.items() if value is not None})
    settings = Settings()
    for name, value in values.items():
        _set(settings, name, value)
    if settings.lease_seconds <= settings.heartbeat_seconds:
        raise InvalidValueError(
            f"lease_seconds ({settings.lease_seconds:g}) must be longer than heartbeat_seconds "
            f"({settings.heartbeat_seconds:g}), or a living session counts as gone. Six times as long is good."
        )
    return settings


def _set(settings: Settings, name: str, value: object) -> None:
    if not settings.has_trait(name):
        known = ", ".join(sorted(Settings.class_trait_names()))
        raise InvalidValueError(f"There is no setting '{name}'. The settings are {known}.")
    kind = settings.traits()[name]
    try:
        setattr(settings, name, _read(kind, value))
    except (TraitError, ValueError, TypeError, KeyError):
        raise InvalidValueError(f"'{value}' is no value for the setting '{name}': {kind.help}") from None


def _read(kind: object, value: object) -> object:
    if isinstance(kind, Float):
        return _seconds(value)
    if isinstance(kind, Bool):
        return _switch(value)
    return _bytes(value) if isinstance(kind, Int) else value


def _switch(value: Any) -> bool:
    """Return whether something is on, by one of the words for it."""
    if isinstance(value, bool):
        return value
    return {"true": True, "on": True, "1": True, "yes": True, "false": False, "off": False, "0": False, "no": False}[
        str(value).lower()
    ]


def _bytes(value: Any) -> int:
    """Return a number of bytes: 0 or more."""
    count = int(value)
    if isinstance(value, bool | float) or count < 0:
        raise ValueError("no number of bytes")
    return count


def _seconds(value: Any) -> float:
    """Return a length of time; nothing can be done every 0 seconds, nor never."""
    seconds = float(value)
    if isinstance(value, bool) or not 0 < seconds < math.inf:
        raise ValueError("no length of time")
    return seconds


def _from_file(start: Path) -> dict[str, Any]:
    here = start.absolute()
    for folder in (here, *here.parents):
        for name in ("trackbook.toml", "pyproject.toml"):
            path = folder / name
            if not path.is_file():
                continue
            try:
                content = tomllib.loads(path.read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                raise InvalidValueError(f"The settings in '{path}' can't be read: {error}.") from None
            tools = content.get("tool") if name == "pyproject.toml" else {"trackbook": content}
            section = tools.get("trackbook") if isinstance(tools, dict) else None
            if isinstance(section, dict):
                return section
    return {}


def _from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    names = {name: _PREFIX + name.upper() for name in Settings.class_trait_names()}
    return {name: environ[variable] for name, variable in names.items() if environ.get(variable)}
