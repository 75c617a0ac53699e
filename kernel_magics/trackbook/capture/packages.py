"""The distributions that are installed: their versions, where they came from, and what they need."""

from __future__ import annotations

import json
import os
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from trackbook.capture.secrets import redact_url
from trackbook.records.environment import package_key

_INFO = (".dist-info", ".egg-info")
_HEAD_BYTES = 4096  # a distribution's name and version stand at the top
_NAME, _VERSION = re.compile(r"^Name:\s*(\S+)", re.MULTILINE), re.compile(r"^Version:\s*(\S+)", re.MULTILINE)
_FOLD = re.compile(r"\n[ \t]+")
_REQUIREMENT = re.compile(r"\s*(?P<name>[A-Za-z0-9][\w.-]*)\s*(?:\[(?P<extras>[^\]]*)\])?")
_EXTRA = re.compile(r"extra\s*==\s*['\"]([^'\"]+)['\"]")
_BUILT_ELSEWHERE = frozenset({"conda"})
"""Installers that leave the address of the machine that built a package, which says nothing to anybody else."""


@dataclass(frozen=True, slots=True)
class Installed:
    """What is installed, by the distributions' names.

    `origins` says where those come from that no index gave: ``git+https://host/name@commit``, ``file:///folder``,
    ``editable file:///folder``. `requires` names the installed distributions that each one needs.
    """

    versions: Mapping[str, str] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)
    requires: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Requirement:
    """A distribution that is needed, with which of its extras; `of_extras`: only for these of the one that needs it."""

    key: str
    asked: frozenset[str]
    of_extras: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class _Distribution:
    """What one distribution says of itself."""

    name: str
    version: str
    origin: str | None
    requires: tuple[str, ...]


def installed() -> Installed:
    """Return every installed distribution; where one is found twice, the one in use.

    It reads the headers of each: some tens of milliseconds for some hundred. `installed_versions` is quicker. A folder
    is read again when something was put into it or removed; a forked process knows what its parent has read.
    """
    return _together(tuple(each for folder in sys.path for each in _in_folder(folder, _modified(folder))))


def _modified(folder: str) -> int | None:
    try:
        return os.stat(folder or ".").st_mtime_ns
    except (OSError, ValueError):
        return None


@lru_cache(maxsize=32)
def _in_folder(folder: str, _changed: int | None) -> tuple[_Distribution, ...]:
    return tuple(_said(metadata.distributions(path=[folder])))


def _said(distributions: Iterable[metadata.Distribution]) -> Iterator[_Distribution]:
    for distribution in distributions:
        headers = _headers(distribution)
        if any(headers["name"]):
            yield _Distribution(
                headers["name"][0],
                "".join(headers["version"][:1]),
                _origin(distribution),
                tuple(headers["requires-dist"]),
            )


@lru_cache(maxsize=4)
def _together(distributions: tuple[_Distribution, ...]) -> Installed:
    found: dict[str, _Distribution] = {}
    for each in distributions:
        found.setdefault(each.name, each)
    names = sorted(found, key=str.lower)
    return Installed(
        versions={name: found[name].version for name in names},
        origins={name: origin for name in names if (origin := found[name].origin) is not None},
        requires=_needs({name: found[name].requires for name in names}),
    )


def _headers(distribution: metadata.Distribution) -> Mapping[str, Sequence[str]]:
    """Return what a distribution says of itself; `Distribution.metadata` parses its description too, each time."""
    text = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or distribution.read_text("") or ""
    headers: defaultdict[str, list[str]] = defaultdict(list)
    for line in _FOLD.sub(" ", text.partition("\n\n")[0]).split("\n"):
        name, _, value = line.partition(":")
        headers[name.lower()].append(value.strip())
    return headers


def installed_versions() -> dict[str, str]:
    """Return the version of every installed distribution by its key (see `package_key`), in some milliseconds."""
    found: dict[str, str] = {}
    for path in _information():
        name, version = _name_and_version(path)
        if name:
            found.setdefault(package_key(name), version)
    return found


def _information() -> Iterator[Path]:
    """Yield the places where distributions tell about themselves, those in use before those that they hide."""
    for folder in sys.path:
        try:
            names = sorted(os.listdir(folder or "."))
        except OSError:
            continue  # an archive, or no longer there
        for name in names:
            if name.endswith(_INFO):
                yield Path(folder or ".", name)


def _name_and_version(path: Path) -> tuple[str, str]:
    for file in (path / "METADATA", path / "PKG-INFO", path):
        try:
            with open(file, "rb") as opened:
                head = opened.read(_HEAD_BYTES).decode("utf-8", "replace")
        except OSError:
            continue
        name, version = _NAME.search(head), _VERSION.search(head)
        if name is not None and version is not None:
            return name[1], version[1]
    return "", ""


def _origin(distribution: metadata.Distribution) -> str | None:
    """Return where a distribution was installed from, if that is not an index (PEP 610)."""
    text = distribution.read_text("direct_url.json")
    if not text or (distribution.read_text("INSTALLER") or "").strip() in _BUILT_ELSEWHERE:
        return None
    try:
        told = json.loads(text)
        url = redact_url(str(told["url"]))
    except (ValueError, KeyError, TypeError):
        return None
    system = told.get("vcs_info")
    if isinstance(system, dict):
        commit = system.get("commit_id") or system.get("requested_revision")
        folder = f"#subdirectory={told['subdirectory']}" if told.get("subdirectory") else ""
        return f"{system.get('vcs', 'git')}+{url}{f'@{commit}' if commit else ''}{folder}"
    is_editable = isinstance(told.get("dir_info"), dict) and told["dir_info"].get("editable") is True
    return f"editable {url}" if is_editable else url


def _needs(requirements: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Return which of the installed distributions each one needs, with what the extras need that it asks for."""
    names = {package_key(name): name for name in requirements}
    read = {package_key(name): [each for each in map(_requirement, own) if each] for name, own in requirements.items()}
    found = {name: _needed(key, "", read, set()) & names.keys() for key, name in names.items()}
    return {name: tuple(sorted((names[each] for each in own), key=str.lower)) for name, own in found.items() if own}


def _requirement(text: str) -> _Requirement | None:
    match = _REQUIREMENT.match(text)
    if match is None:
        return None
    asked = (extra.strip() for extra in (match["extras"] or "").split(","))
    return _Requirement(
        key=package_key(match["name"]),
        asked=frozenset(package_key(extra) for extra in asked if extra),
        of_extras=frozenset(map(package_key, _EXTRA.findall(text))),
    )


def _needed(key: str, extra: str, read: Mapping[str, Sequence[_Requirement]], seen: set[tuple[str, str]]) -> set[str]:
    """Return what a distribution needs, or what only one extra of it does."""
    found: set[str] = set()
    if (key, extra) in seen:
        return found
    seen.add((key, extra))
    for each in read.get(key, ()):
        if (extra in each.of_extras) if extra else not each.of_extras:
            found.add(each.key)
            for asked in each.asked:
                found |= _needed(each.key, asked, read, seen)
    return found - {key}
