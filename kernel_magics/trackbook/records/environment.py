"""The environment that a session ran in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from trackbook.records.values import JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Git:
    """The state of the working tree; `patch` is the digest of the object that holds the uncommitted change."""

    commit: str
    branch: str | None = None
    is_dirty: bool = False
    patch: str | None = None
    remote: str | None = None


def package_key(name: str) -> str:
    """Return what a distribution's name is compared by: ``Scikit_Learn`` and ``scikit-learn`` are one (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What a run ran on. `environment_id` is the hash of the rest: the same environment is kept once.

    `packages` has the version of every distribution by name, `origins` where those came from that no index gave
    (``git+https://host/name@commit``, ``editable file:///folder``), `requires` which of them each one needs.
    """

    environment_id: str
    python: str
    implementation: str
    platform: str
    machine: str
    packages: Mapping[str, str] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)
    requires: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    hardware: Mapping[str, JsonValue] = field(default_factory=dict)
    git: Git | None = None
