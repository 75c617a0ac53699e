"""What a route is: a path, and for each method a plain function from what was asked to what is answered.

The functions know no server. Their query, body and answer are declared as types, from which requests are checked and
the OpenAPI document is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
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


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request: the parts of its path, its query and body, and who asks.

    `place` is the file or folder that `at` means, `root` the server's own folder. `jobs` are what this server does in
    processes of their own.
    """

    find_project: Callable[[], Project]
    place: Path
    root: Path
    jobs: Jobs
    path: Mapping[str, str]
    query: Any
    body: Any
    user: str

    @cached_property
    def project(self) -> Project:
        """The project that the request is about.

        Raises
        ------
        NotFoundError
            If there is none yet: only a route that needs one finds that out.
        """
        return self.find_project()


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """An answer that is no JSON: bytes of one type. One with a name is to be saved under it, not shown."""

    content: bytes
    media_type: str
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What a route does for one method.

    `act` answers, in a thread of its own. `body` is the type of what is sent, None where nothing is. `mark` returns
    what tells an answer that will never change from all others, None where it may change: who has it already is told
    so without it being made again. `is_lasting` says that none of the route's answers ever changes, so that nobody
    need ask again.
    """

    act: Callable[[Asked], object]
    summary: str
    answer: Any
    query: type[At] = At
    body: Any = None
    is_lasting: bool = False
    mark: Callable[[Asked], str | None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A path beneath ``/trackbook/api/v1``, with ``{name}`` for its changing parts, and its operations by method."""

    path: str
    operations: Mapping[str, Operation] = field(default_factory=dict)
