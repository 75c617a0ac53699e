"""Objects that are kept compressed: a head that says so, then zstd's bytes. Their names stay those of their content.

Whoever reads tells the two apart by the name: bytes whose hash it is are the content, whatever they begin with.
"""

from __future__ import annotations

import struct
import sys
from typing import Any

_MAGIC = b"trackbook zstd\n\0"
_HEAD = struct.Struct("<16sQQ")
HEAD_SIZE = _HEAD.size
_LEVEL = 3
_LEAST = 4 << 10  # bytes below which a file of a disk is one block all the same
_SAMPLE = 64 << 10
_WORTH_IT = 0.9  # of the content, at most


def is_at_hand() -> bool:
    """Return whether what compresses is imported: a thread beside the person's code imports nothing for it."""
    return "pyarrow" in sys.modules


def packed(content: bytes) -> bytes | None:
    """Return content as it is kept compressed; None where that is no tenth smaller."""
    if len(content) < _LEAST:
        return None
    codec = _codec()
    if len(content) > 2 * _SAMPLE and not _is_worth_it(codec, _sample(content)):
        return None
    body = codec.compress(content, asbytes=True)
    if len(body) + HEAD_SIZE > _WORTH_IT * len(content):
        return None
    return _HEAD.pack(_MAGIC, len(content), len(body)) + bytes(body)


def is_whole(head: bytes, stored_size: int, size: int) -> bool:
    """Return whether a file of a stored size that begins so is the compressed form of content of a size, to its end."""
    if len(head) < HEAD_SIZE:
        return False
    magic, content_size, body_size = _HEAD.unpack(head[:HEAD_SIZE])
    return bool(magic == _MAGIC and content_size == size and HEAD_SIZE + body_size == stored_size)


def unpacked(stored: bytes) -> bytes | None:
    """Return the content of what was compressed; None if it was not, or is spoilt."""
    if len(stored) < HEAD_SIZE:
        return None
    magic, size, body_size = _HEAD.unpack(stored[:HEAD_SIZE])
    if magic != _MAGIC or HEAD_SIZE + body_size != len(stored):
        return None
    try:
        content: bytes = _codec().decompress(stored[HEAD_SIZE:], decompressed_size=size, asbytes=True)
    except OSError:
        return None
    return content


def _codec() -> Any:
    import pyarrow

    return pyarrow.Codec("zstd", compression_level=_LEVEL)


def _sample(content: bytes) -> bytes:
    """Return some of a content: its middle, for a head may be text where the rest is none."""
    middle = len(content) // 2
    return content[middle : middle + _SAMPLE]


def _is_worth_it(codec: Any, sample: bytes) -> bool:
    return len(codec.compress(sample, asbytes=True)) <= _WORTH_IT * len(sample)
