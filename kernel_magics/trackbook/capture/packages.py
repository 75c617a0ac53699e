"""The distributions that are installed: their versions, where they came from, and what they need."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from trackbook.capture.secrets import redact_url
from trackbook.records.environment import package_key

_INFO = (".dist-info", ".egg-info")
_HEAD_BYTES = 4096  # a distribution's name and version stand at the top
_NAME, _VERSION = re.compile(r"^Name:\s*(\S+)", re.MULTILINE), re.compile(r"^Version:\s*(\S+)", re.MULTILINE)
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


def installed() -> Installed:
    """Return every installed distribution; where one is found twice, the one in use.

    It reads the whole metadata of each: a few tenths of a second. `installed_versions` is quick.
    """
    found: dict[str, metadata.Distribution] = {}
    for distribution in metadata.distributions():
        name = distribution.metadata["Name"] if distribution.metadata is not None else None
        if name:
            found.setdefault(name, distribution)
    names = sorted(found, key=str.lower)
    origins = {name: _origin(found[name]) for name in names}
    return Installed(
        versions={name: found[name].version or "" for name in names},
        origins={name: origin for name, origin in origins.items() if origin is not None},
        requires=_needs({name: found[name].metadata.get_all("Requires-Dist") or [] for name in names}),
    )


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
    """Return which of the installed distributions each one needs, with those of the extras that others ask for."""
    names = {package_key(name): name for name in requirements}
    asked: dict[str, set[str]] = {}
    for text in (each for own in requirements.values() for each in own):
        match = _REQUIREMENT.match(text)
        if match is not None and match["extras"]:
            extras = {package_key(extra.strip()) for extra in match["extras"].split(",")}
            asked.setdefault(package_key(match["name"]), set()).update(extras)
    return {
        name: tuple(sorted(_needed(own, names, asked.get(package_key(name), set())), key=str.lower))
        for name, own in requirements.items()
        if own
    }


def _needed(requirements: Sequence[str], names: Mapping[str, str], extras: set[str]) -> set[str]:
    found = set()
    for text in requirements:
        match, of_extra = _REQUIREMENT.match(text), _EXTRA.findall(text)
        if match is None or (of_extra and extras.isdisjoint(map(package_key, of_extra))):
            continue
        name = names.get(package_key(match["name"]))
        if name is not None:
            found.add(name)
    return found
