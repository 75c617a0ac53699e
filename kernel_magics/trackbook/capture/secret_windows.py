"""Where in a text a credential may stand, found so fast that the rest of a long output costs next to nothing.

Nearly all text holds none, so only the lines around a telling word or a long mixed run are handed to the rules of
`secret_shapes`; both are found by searches for fixed bytes.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from functools import lru_cache

from trackbook.capture.secret_names import FOREIGN, FOREIGN_STEMS, promises_any_secret, promises_secret

_STEMS = (b"pass", b"pw", b"secret", b"key", b"token", b"cred", b"auth", b"cookie", b"bearer", b"jwt", *FOREIGN_STEMS)
_TELLING = (
    *(b"login", b"connect(", b"mysql", b"identified by", b"config set", b"private key", b"hooks", b"curl ", b"sig="),
    *(b"q~", b"connection(", b"hmac", b"ftp(", b"sudo ", b"zip -p", b"7z ", b"openssl", b"smbclient", b"b64encode"),
)
_RARE = (*FOREIGN_STEMS, *_TELLING[10:])  # not looked for in very long outputs
_JOINED = ('" + "', "' + '", '" "', "' '", "\" + '", "' + \"")
_NEEDLES = (*_STEMS, *_TELLING, b"@")
_OFTEN = tuple(needle for needle in _NEEDLES if needle not in _RARE)
_NEEDLES_AS_TEXT = tuple(needle.decode() for needle in _NEEDLES)
_ANY_NEEDLE = re.compile("|".join(map(re.escape, _NEEDLES_AS_TEXT)))
_SHORT = 40  # characters, up to which one pattern is faster than one search a needle
_WORD = (string.ascii_letters + string.digits + "_-").encode()
_VALUE = re.compile(  # after a name
    rb"""[^\w]{1,12} [^\s"'()\[\],;]{8,} | ["'\]]{0,2} \s* [:=,(!] (?: [^\n]{0,50}? | \s* \(? \s* ) ["']""", re.VERBOSE
)
_KEY = re.compile(rb"""[?&]key= | .?key["']?\s*[:=]\s*["']?[A-Za-z0-9]{14}""", re.VERBOSE)
_LOGIN = re.compile(rb"""@[\w.\-]{1,60}["']\s*,\s*["']""")  # an address, and what follows it
_REACH = 60
_LONG_LINE = 20_000
_BEFORE, _AFTER = 2_000, 10_000
_CODE = 100_000
_RUN = 20
_LONG_RUN = b"a" * _RUN
_BLOB = 8_192
_NO_LETTERS = bytes(code for code in range(256) if code not in string.ascii_letters.encode() + b"~")
_IN_RUN = bytes(ord("a") if code in _WORD else ord(" ") for code in range(256))
_IN_BLOB = bytes(ord("a") if code in _WORD + b"+/=" else ord(" ") for code in range(256))
_DIGIT = re.compile(rb"\d")
_LETTER = re.compile(rb"[A-Za-z]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A part of a text that is worth a look: whole lines, but in very long ones.

    Attributes
    ----------
    has_name
        Whether a name in it promises a secret, else there are only long mixed runs.
    """

    start: int
    end: int
    has_name: bool


def is_put_together(text: str) -> bool:
    """Tell whether a short text puts literals together, which may be a credential as a whole."""
    if len(text) <= _CODE and ('"' in text or "'" in text):
        for needle in _JOINED:  # faster than `any` of a generator
            if needle in text:
                return True
    return False


def find_windows(text: str) -> list[Window]:
    """Return the parts of a text that may hold a credential, ascending and apart, in time linear in its length."""
    data = text.encode("ascii", "replace")  # one byte a character, so that places are the same
    foreign = [] if text.isascii() else [found.start() for found in FOREIGN.finditer(text)]
    if len(data) >= _BLOB:
        data = _without_blobs(data)
        letters = data.lower().translate(None, _NO_LETTERS)  # shorter by far in numbers, the most of most long outputs
        sought = _OFTEN if len(data) > _CODE else _NEEDLES
        needles = [needle for needle in sought if needle.translate(None, _NO_LETTERS) in letters]
    else:
        needles = _needles_in(text.lower())
        if not needles and not foreign and data.translate(_IN_RUN).find(_LONG_RUN) < 0:
            return []  # so it is for most cells, and most of what they print
    return _windows(data, needles, foreign)


def _needles_in(lowered: str) -> list[bytes]:
    """Return the needles that a short text holds; strings are searched faster than bytes."""
    if len(lowered) < _SHORT and _ANY_NEEDLE.search(lowered) is None:
        return []
    return [needle.encode() for needle in _NEEDLES_AS_TEXT if needle in lowered]


def _windows(data: bytes, needles: Iterable[bytes], foreign: Iterable[int] = ()) -> list[Window]:
    lowered = data.lower()
    named = {*foreign}
    for needle in needles:
        named.update(_named(data, lowered, needle) if needle in _STEMS else _telling(lowered, needle))
    return list(_merged(data, sorted({*named, *_runs(data)}), named))


def _without_blobs(data: bytes) -> bytes:
    """Return the text with spaces for what is no text: an image in base64, a genome."""
    kinds = data.translate(_IN_BLOB)
    place = kinds.find(b"a" * _BLOB)
    while place >= 0:
        end = kinds.find(b" ", place)
        end = len(data) if end < 0 else end
        data = data[:place] + b" " * (end - place) + data[end:]
        place = kinds.find(b"a" * _BLOB, end)
    return data


def _named(data: bytes, lowered: bytes, stem: bytes) -> Iterator[int]:
    for place in _places(lowered, stem):
        before, after = data[max(0, place - _REACH) : place], data[place : place + _REACH]
        start, rest = before.rstrip(_WORD), after.lstrip(_WORD)
        name = before[len(start) :] + after[: len(after) - len(rest)]
        is_call = rest.startswith(b"(") and stem in (b"auth", b"cred")
        if is_call or _is_given(name, rest) or (name == b"key" and _KEY.match(start[-1:] + name + rest)):
            yield place


def _is_given(name: bytes, rest: bytes) -> bool:
    """Tell whether a name promises a secret, and what follows can be one where the name alone does not say it."""
    promise = _promise(name)
    return promise > 1 or (promise == 1 and _VALUE.match(rest) is not None)


@lru_cache(maxsize=4096)
def _promise(word: bytes) -> int:
    name = word.decode("ascii")
    if len(name) > _REACH or name in ("pass", "auth"):
        return int(len(name) <= _REACH)
    return 2 if promises_any_secret(name) or name.lower().endswith("auth") else int(promises_secret(name))


def _telling(lowered: bytes, needle: bytes) -> Iterator[int]:
    for place in _places(lowered, needle):
        if needle != b"@" or b"://" in lowered[max(0, place - 600) : place] or _LOGIN.match(lowered, place):
            yield place


def _places(data: bytes, needle: bytes) -> Iterator[int]:
    place = data.find(needle)
    while place >= 0:
        yield place
        place = data.find(needle, place + len(needle))


def _runs(data: bytes) -> Iterator[int]:
    """Yield where long runs with letters and digits start; those of Hugging Face may be of letters alone."""
    kinds = data.translate(_IN_RUN)
    place = kinds.find(_LONG_RUN)
    while place >= 0:
        end = kinds.find(b" ", place)
        end = len(data) if end < 0 else end
        run = data[place : min(end, place + 300)]
        if (_DIGIT.search(run) and _LETTER.search(run)) or b"hf_" in run or b"api_org_" in run:
            yield place
        place = kinds.find(b"a" * _RUN, end)


def _merged(data: bytes, places: list[int], named: Set[int]) -> Iterator[Window]:
    """Yield the lines around places, one before and two after, those that meet as one."""
    start = end = -1
    has_name = False
    for place in places:
        left, right = _lines_around(data, place) if place >= end or data.find(b"\n", place, end) < 0 else (start, end)
        if left > end:
            if end >= 0:
                yield Window(start=start, end=end, has_name=has_name)
            start, has_name = left, False
        end = max(end, right)
        has_name |= place in named
    if end >= 0:
        yield Window(start=start, end=end, has_name=has_name)


def _lines_around(data: bytes, place: int) -> tuple[int, int]:
    left = right = place
    for _ in range(2):
        left = data.rfind(b"\n", max(0, place - _LONG_LINE), max(0, left))
        if left < 0:
            left = 0 if place < _LONG_LINE else place - _BEFORE
            break
    else:
        left += 1
    for _ in range(3):
        found = data.find(b"\n", right + 1, place + _LONG_LINE)
        if found < 0:
            right = len(data) if len(data) < place + _LONG_LINE else place + _AFTER
            break
        right = found
    return left, right
