"""The bytes of what runs made: files that they kept, and what their cells showed. By hash, and only what they name."""

from __future__ import annotations

import re

from trackbook.errors import NotFoundError

from trackbook_server.route import Asked, File, Operation, Route

_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""What a browser may show by itself: nothing in them can run."""
_DRAWING = "image/svg+xml"
_ANY = "application/octet-stream"


def show_object(asked: Asked) -> File:
    """Return the bytes of an object that a run or a cell names.

    Pictures are shown; anything else is to be saved, so that what a notebook drew or wrote runs in no page of this
    server's.
    """
    store, digest = asked.project.store, mark_of_object(asked)
    uses = store.object_uses(digest)
    if not uses:
        raise NotFoundError(f"No run of {store.location} made an object {digest[:12]}…, or it was taken out since.")
    types = [use.media_type.partition(";")[0].strip().lower() for use in uses]
    picture = next((each for each in types if each in _PICTURES), None)
    return File(
        content=store.get_object(digest),
        media_type=picture or (_DRAWING if _DRAWING in types else _ANY),
        name=None if picture else next((use.name for use in uses if use.name), digest[:12]),
    )


def mark_of_object(asked: Asked) -> str:
    """Return the digest, by which an object's bytes are known for ever."""
    digest = asked.path["digest"]
    if not _DIGEST.fullmatch(digest):
        raise NotFoundError(f"{digest[:80]!r} is no object: those are named by 64 digits and letters from a to f.")
    return digest


ROUTES = (
    Route(
        path="/objects/{digest}",
        operations={
            "GET": Operation(
                act=show_object,
                summary="Give the bytes of an object",
                answer=File,
                is_lasting=True,
                mark=mark_of_object,
            )
        },
    ),
)
