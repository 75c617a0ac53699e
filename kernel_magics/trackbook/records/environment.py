"""The environment that a session ran in."""

from __future__ import annotations

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What a run ran on. `environment_id` is the hash of the rest: the same environment is kept once."""

    environment_id: str
    python: str
    implementation: str
    platform: str
    machine: str
    packages: Mapping[str, str] = field(default_factory=dict)
    hardware: Mapping[str, JsonValue] = field(default_factory=dict)
    git: Git | None = None
