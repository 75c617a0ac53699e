"""What a route is: a path, and for each method a plain function from what was asked to what is answered.

The functions know no server. Their query, body and answer are declared as types, from which requests are checked and
the OpenAPI document is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from trackbook.project import Project

from trackbook_server.jobs import Jobs


class At(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What every query may say.

    `at` is a folder or a notebook beneath the server's root: the store that belongs to it is meant. Without it, the
    store of the root.
    """

    at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request: the project that it is about, the parts of its path, its query and body, and who asks.

    `place` is the file or folder that `at` means. `jobs` are what this server does in processes of their own.
    """

    project: Project
    place: Path
    jobs: Jobs
    path: Mapping[str, str]
    query: Any
    body: Any
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What a route does for one method.

    `act` answers, in a thread of its own. `is_lasting` says that an answer never changes, so that it may be kept by who
    asked. `body` is the type of what is sent, None where nothing is.
    """

    act: Callable[[Asked], object]
    summary: str
    answer: Any
    query: type[At] = At
    body: Any = None
    is_lasting: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A path beneath ``/trackbook/api/v1``, with ``{name}`` for its changing parts, and its operations by method."""

    path: str
    operations: Mapping[str, Operation] = field(default_factory=dict)
