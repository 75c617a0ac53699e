"""What the engine and the recorder in the kernel say to one another."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

METRICS_MESSAGE = "trackbook_metrics"
"""The type of the messages in which the kernel tells metrics (`trackbook.magics.execution`, of another layer)."""
_MODULE = "trackbook.magics.answering"
_KEY = "trackbook"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the kernel is told of the execution: of which notebook, with which run; `file` is what it is kept as."""

    path: str | None = None
    name: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    given: tuple[str, ...] = ()
    store: str | None = None
    experiment: str | None = None
    parent_run_id: str | None = None
    file: str = "notebook.ipynb"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the kernel answers: the run, where its store is, and sentences for the person."""

    run_id: str
    location: str | None
    warnings: tuple[str, ...] = ()


class NoAnswerError(Exception):
    """The kernel can't record, or does not answer. The message is the reason, as a clause."""


def expression(function: str) -> str:
    """Return the expression that the kernel is asked for, which leaves no name behind."""
    return f"__import__({_MODULE!r}, fromlist=[{function!r}]).{function}()"


def metadata(**content: object) -> dict[str, object]:
    """Return what goes along with a request."""
    return {_KEY: content}


def beginning(said: Said, *, wants_metrics: bool) -> dict[str, object]:
    """Return what goes along with the request to begin."""
    return metadata(**asdict(said) | {"wants_metrics": wants_metrics})


def read_answer(content: Mapping[str, Any]) -> Answer:
    """Return what a reply's content says.

    Raises
    ------
    NoAnswerError
        If it is no answer: there is no Trackbook there, or it failed.
    """
    found = (content.get("user_expressions") or {}).get(_KEY) or content
    if found.get("status") != "ok" or "data" not in found:
        name, message = found.get("ename") or "no answer", found.get("evalue") or ""
        raise NoAnswerError(f"{name}: {message}".rstrip(": "))
    try:
        answer = json.loads(ast.literal_eval(found["data"]["text/plain"]))
        return Answer(run_id=answer["run_id"], location=answer["location"], warnings=tuple(answer["warnings"]))
    except (KeyError, TypeError, ValueError, SyntaxError) as error:
        raise NoAnswerError(f"what it answered can't be read ({error})") from None
