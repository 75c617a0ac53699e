"""Which values can be a credential: what stands for one is none, and only chance looks random."""

from __future__ import annotations

import math
import re
from collections import Counter

from trackbook.capture import secret_shapes as shapes
from trackbook.capture.secret_names import (
    PASSWORDS,
    promises_any_secret,
    promises_licence,
    promises_secret,
    promises_weakly,
    words,
)

SECRET = "[secret]"
_RUNS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
_OF_WORDS = re.compile(r"sha\d{1,3}[\-_]|(?:[^_\-./]{0,12}[_\-./]){4,}[^_\-./]{0,12}$", re.IGNORECASE)
_MIN_RUNS = 0.34  # a letter; random text of 62 letters has about 0.53, names of several words about 0.2
_LICENCES = words(
    "cc cc0 by sa nc nd odbl odc pddl mit bsd apache gpl lgpl agpl gfdl gnu mpl epl eupl isc zlib unlicense wtfpl",
    "artistic bsl openrail creativeml ogl dl de zero afl public domain proprietary commercial academic unknown other",
    "none custom or only later and international unported igo clause license licence creative commons attribution",
)
_VERSION = re.compile(r"(?:gpl|v)?\d{1,2}(?:\.\d{1,2}){0,2}", re.IGNORECASE)
_WORD = re.compile(r"\(?[A-Z]?[a-z]+\)?")
_HARMLESS = (shapes.PLACEHOLDER, shapes.ENVIRONMENT_NAME, shapes.PLACE)


def is_named_secret(name: str, value: str) -> bool:
    """Tell whether a name promises a secret and the value can be one: it stands for nothing else."""
    if not promises_secret(name) or (
        any(pattern.match(value) for pattern in _HARMLESS) and not _is_key_in_base64(value)
    ):
        return False
    if value.lower() in PASSWORDS or (promises_licence(name) and is_licence(value)):
        return False
    if promises_weakly(name):
        return any(is_made_up(part) for part in value.split("; "))
    return promises_any_secret(name) or _could_be_token(value)


def is_made_up(value: str) -> bool:
    """Tell whether a value is no word of a language or a program: it has digits or signs in it, and no spaces."""
    return re.fullmatch(r"(?=\S*(?:\d|[^\w.\-]))\S{6,}", value) is not None


def is_licence(value: str) -> bool:
    """Tell whether a value is the name of a licence: ``CC BY 4.0``, ``gpl-3.0-or-later``, ``Open Data Commons v1``.

    In a single piece all words have to be those of known licences, with spaces between them one of them is enough.
    """
    parts = re.split(r"[\s\-_/:+,]+", value.strip())
    known = [part.lower() in _LICENCES for part in parts]
    is_version = [_VERSION.fullmatch(part) is not None for part in parts]
    if " " not in value.strip():
        return any(known) and all(one or other for one, other in zip(known, is_version, strict=True))
    is_word = [_WORD.fullmatch(part) is not None for part in parts]
    return any(known) and all(map(any, zip(known, is_version, is_word, strict=True)))


def is_mixed(value: str) -> bool:
    """Tell whether a value has both letters and digits, as a password among words has."""
    return is_made_up(value) and re.search(r"[^\W\d]", value) is not None and re.search(r"\d", value) is not None


def is_key(value: object) -> bool:
    """Tell whether a value that is just called a key is no word: capitals and digits in no order, and nothing else."""
    if not isinstance(value, str) or not re.fullmatch(r"(?=.*[A-Z])[A-Za-z0-9]{14,100}", value):
        return False
    return len(re.findall(r"\d", value)) >= 2 and len(_RUNS.findall(value)) / len(value) > _MIN_RUNS


def is_opaque(value: str) -> bool:
    """Tell whether a string is long and of digits and letters in no order: hexadecimal, of one case, or random."""
    if re.fullmatch(r"[0-9a-f]{32,64}", value):
        return not value.isdecimal()
    if re.fullmatch(r"[A-Z0-9]{20,100}|[a-z0-9]{20,100}", value):
        return len(re.findall(r"\d", value)) >= 3 and len(_RUNS.findall(value)) / len(value) > _MIN_RUNS
    return is_random(value)


def is_random(value: str) -> bool:
    """Tell whether a string is long, mixes cases and digits, and changes between them as often as only chance does."""
    if value.islower() or value.isupper() or _OF_WORDS.match(value):
        return False
    runs = _RUNS.findall(value)
    letters = "".join(runs)
    digits = sum(map(str.isdigit, letters))
    if len(letters) < 20 or digits < 2:
        return False
    return len(runs) / len(letters) > _MIN_RUNS and _entropy(letters) > 0.75 * math.log2(min(len(letters), 62))


def _is_key_in_base64(value: str) -> bool:
    """Tell whether what begins like a path is a key: one of 64 keys in Base64 begins with a slash."""
    return re.fullmatch(r"/[A-Za-z0-9+/]{20,}={0,2}", value) is not None and is_random(value)


def _could_be_token(value: str) -> bool:
    if len(value) < 8 or any(character.isspace() for character in value):
        return False
    return len(value) >= 16 or any(character.isdigit() for character in value) or _is_jumbled(value)


def _is_jumbled(value: str) -> bool:
    """Tell whether letters change between small and capital as no name does: ``hrWnVLlxaJNb``."""
    return len(value) >= 10 and value.isalpha() and len(_RUNS.findall(value)) / len(value) > _MIN_RUNS


def _entropy(text: str) -> float:
    """Return the Shannon entropy in bits a character."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())
