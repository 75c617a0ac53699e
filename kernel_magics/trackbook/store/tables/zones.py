"""Time zones as JSON."""

from __future__ import annotations

import sys
from datetime import UTC, timedelta, timezone, tzinfo
from importlib import import_module
from typing import Any
from zoneinfo import ZoneInfo

from trackbook.store.tables.errors import UnfitError

_FOREIGN = {
    "pytz": ("pytz", "timezone"),
    "pytz offset": ("pytz", "FixedOffset"),
    "dateutil": ("dateutil.tz", "gettz"),
    "dateutil utc": ("dateutil.tz", "tzutc"),
}


def zone_json(zone: tzinfo | None) -> Any:
    """Return a time zone as what `json` can write.

    Raises
    ------
    UnfitError
        If it is of no known class, or has no name.
    """
    if zone is None:
        return None
    if type(zone) is ZoneInfo and zone.key:
        return ["zoneinfo", zone.key]
    if type(zone) is timezone:
        offset = zone.utcoffset(None)
        name = zone.tzname(None)
        return ["offset", [offset.days, offset.seconds, offset.microseconds], *_own_name(name, offset)]
    return _foreign(zone)


def zone_of(found: Any) -> tzinfo | None:
    """Return the time zone that `zone_json` was given."""
    if found is None:
        return None
    library, content, *name = found
    if library == "zoneinfo":
        return ZoneInfo(content)
    if library == "offset":
        offset = timedelta(*content)
        return timezone(offset, *name) if name or offset else UTC
    module, make = _FOREIGN[library]
    zone: tzinfo = getattr(import_module(module), make)(*([] if content is None else [content]))
    return zone


def _own_name(name: str, offset: timedelta) -> list[str]:
    return [] if name == timezone(offset).tzname(None) else [name]


def _foreign(zone: tzinfo) -> Any:
    """Return a zone of pytz or of dateutil: whoever has one has loaded its library."""
    module = type(zone).__module__.partition(".")[0]
    if module == "pytz":
        name = getattr(zone, "zone", None)
        minutes = getattr(zone, "_minutes", None)
        if name is not None or minutes is not None:
            return ["pytz", name] if name is not None else ["pytz offset", minutes]
    if module == "dateutil":
        tz = sys.modules["dateutil.tz"]
        if type(zone) is tz.tzutc:
            return ["dateutil utc", None]
        name = getattr(zone, "_filename", None)
        if name and tz.gettz(name) == zone:
            return ["dateutil", name]
    raise UnfitError(f"a time zone of the class {type(zone).__module__}.{type(zone).__qualname__}")
