"""Credentials never reach the store: they are found by name, by shape and by how random they look.

What is redacted can't be shown or run again, so a value that merely might be a secret stays: names are judged by their
words (`secret_names`), shapes by the prefixes that issuers give their tokens (`secret_shapes`), and randomness only in
long strings of mixed case and digits.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable

from trackbook.capture import secret_shapes as shapes
from trackbook.capture.secret_names import promises_any_secret, promises_identity, promises_secret
from trackbook.records import JsonValue

SECRET = "[secret]"
_QUERY_NAMES = frozenset(
    (
        "sig",
        "signature",
        "x-amz-signature",
        "x-amz-credential",
        "x-amz-security-token",
        "x-goog-signature",
        "key",
        "code",
    )
)
_RUNS = re.compile(r"[a-z]+|[A-Z]+|[0-9]+")
_NAME_REACH = 120
_MIN_CHANGES = 0.36  # of kind, a letter; random text of 62 letters has about 0.6, an identifier about 0.2


def redact(text: str) -> str:
    """Return a source, a message or a traceback with ``[secret]`` in place of what is a credential."""
    return _without_random(_without_shapes(text))


def is_secret(name: str, value: object) -> bool:
    """Tell whether a param holds a credential, by its name or by what its value looks like."""
    if isinstance(value, str):
        return _is_named_secret(name, value) or _redacted(name, value) != value
    return isinstance(value, int) and promises_any_secret(name) and abs(value) > 999


def redact_value(name: str, value: JsonValue) -> JsonValue:
    """Return a param with ``[secret]`` in place of credentials, also inside lists and dicts."""
    if isinstance(value, dict):
        inherited = f"{name}_for_" if promises_any_secret(name) else ""
        return {key: redact_value(inherited + key, item) for key, item in value.items()}
    if isinstance(value, list):
        return [redact_value(name, item) for item in value]
    if isinstance(value, str) and not _is_named_secret(name, value):
        return _redacted(name, value)
    return SECRET if is_secret(name, value) else value


def redact_url(url: str) -> str:
    """Return a URL without user and password, and with ``[secret]`` for the values of secret parameters."""
    return redact(shapes.USERINFO.sub(lambda found: found["head"], url))


def _redacted(name: str, value: str) -> str:
    text = _without_shapes(value)
    return text if promises_identity(name) else _without_random(text)


def _without_shapes(text: str) -> str:
    lowered = text.lower()
    for needle, pattern, replace in _RULES:
        if needle in lowered:
            text = pattern.sub(replace, text)
    return text


def _is_named_secret(name: str, value: str) -> bool:
    """Tell whether a name promises a secret and the value can be one: it stands for nothing else."""
    if not promises_secret(name) or any(pattern.match(value) for pattern in _HARMLESS):
        return False
    return promises_any_secret(name) or _could_be_token(value)


_HARMLESS = (shapes.PLACEHOLDER, shapes.ENVIRONMENT_NAME, shapes.PLACE)


def _could_be_token(value: str) -> bool:
    if len(value) < 8 or any(character.isspace() for character in value):
        return False
    return len(value) >= 16 or any(character.isdigit() for character in value)


# --- what takes the place of a match


def _always(found: re.Match[str]) -> str:
    return SECRET


def _with_secret(found: re.Match[str]) -> str:
    if SECRET in found["value"]:
        return found[0]
    quote = found["open"] if "open" in found.re.groupindex else ""
    return f"{found['head']}{quote}{SECRET}{quote}"


def _unless_placeholder(found: re.Match[str]) -> str:
    return found[0] if shapes.PLACEHOLDER.match(found["value"]) else _with_secret(found)


def _named(found: re.Match[str]) -> str:
    name = found["name"].rpartition(".")[2]
    return _with_secret(found) if _is_named_secret(name, found["value"]) else found[0]


def _assigned(found: re.Match[str]) -> str:
    before = shapes.NAME_BEFORE.search(found.string[max(0, found.start() - _NAME_REACH) : found.start()])
    is_secret_name = before is not None and _is_named_secret(before["name"].rpartition(".")[2], found["value"])
    return _with_secret(found) if is_secret_name else found[0]


def _sk_token(found: re.Match[str]) -> str:
    """Redact what has digits and capitals, and leave names of style classes such as ``sk-toggleable__label-arrow``."""
    is_token = re.search(r"\d", found["value"]) and re.search(r"[A-Z]", found["value"])
    return SECRET if is_token else found[0]


def _shell(found: re.Match[str]) -> str:
    """Redact after a word for setting variables; alone only ``NAME=value``, which is no Python as people write it."""
    is_line = found["between"] == "=" and found["name"].isupper()
    return _named(found) if found["word"] or is_line else found[0]


def _yaml(found: re.Match[str]) -> str:
    """Redact ``password: hunter2`` and leave ``password: str``."""
    return _named(found) if re.search(r"[^A-Za-z_.]", found["value"]) else found[0]


def _basic(found: re.Match[str]) -> str:
    try:
        decoded = base64.b64decode(found["value"], validate=True)
    except (binascii.Error, ValueError):
        return found[0]
    return _with_secret(found) if b":" in decoded and decoded.isascii() else found[0]


def _userinfo(found: re.Match[str]) -> str:
    user, password = found["user"], found["password"]
    if password is None:  # a token in the place of the user; a short word is a user
        is_token = len(user) >= 16 and not shapes.PLACEHOLDER.match(user)
        return f"{found['head']}{SECRET}@" if is_token else found[0]
    if shapes.PLACEHOLDER.match(password[1:]):
        return found[0]
    return f"{found['head']}{SECRET if _is_random(user) else user}:{SECRET}@"


def _query(found: re.Match[str]) -> str:
    is_long = found["name"].lower() in _QUERY_NAMES and len(found["value"]) >= 16
    return _unless_placeholder(found) if is_long else _named(found)


def _unpacked(found: re.Match[str]) -> str:
    """Redact ``user, password = "me", "hunter2"``, where as many values follow as there are names."""
    names = [name.strip() for name in found["names"].split(",")]
    items = list(shapes.ITEM.finditer(found["values"]))
    if len(items) != len(names):
        return found[0]
    text = found["values"]
    for name, item in reversed(list(zip(names, items, strict=True))):
        if item["item"][0] in "\"'" and _is_named_secret(name, item["item"][1:-1]):
            text = text[: item.start("item") + 1] + SECRET + text[item.end("item") - 1 :]
    return found[0].removesuffix(found["values"]) + text


_RULES: tuple[tuple[str, re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    ("private key", shapes.PRIVATE_KEY, _always),  # what must be in the text for the pattern to be worth a look
    ("", shapes.TOKENS, _always),
    ("sk-", shapes.SK_TOKEN, _sk_token),
    ("https://", shapes.HOOK, _with_secret),
    ("://", shapes.USERINFO, _userinfo),
    ("=", shapes.QUERY, _query),
    ("authorization", shapes.HEADER, _unless_placeholder),
    ("cookie:", shapes.COOKIE, _unless_placeholder),
    ("bearer", shapes.BEARER, _unless_placeholder),
    ("basic", shapes.BASIC, _basic),
    ("=", shapes.UNPACKED, _unpacked),
    ("", shapes.ASSIGNED, _assigned),
    ("(", shapes.CALLED, _named),
    ("_", shapes.SETTER, _named),
    ("login", shapes.LOGIN, _unless_placeholder),
    ("auth", shapes.PAIR, _unless_placeholder),
    ("curl", shapes.CURL_USER, _unless_placeholder),
    ("--", shapes.OPTION, _named),
    ("", shapes.SHELL, _shell),
    ("=", shapes.INLINE, _named),
    (": ", shapes.YAML, _yaml),
)


# --- randomness


def _without_random(text: str) -> str:
    """Redact long random strings, but for those in URLs and those whose name says that they are hashes or ids."""
    urls = [found.span() for found in shapes.URL.finditer(text)]
    starts = [start for start, _ in urls]

    def replace(found: re.Match[str]) -> str:
        start = found.start()
        url = bisect_right(starts, start) - 1
        if not _is_random(found[0]) or (url >= 0 and start < urls[url][1]):
            return found[0]
        named = shapes.NAME_OF_VALUE.search(text[max(0, start - _NAME_REACH) : start])
        return found[0] if named and promises_identity(named[1]) else SECRET

    return shapes.LONG.sub(replace, text)


def _is_random(value: str) -> bool:
    """Tell whether a string is long, mixes cases and digits, and changes between them as often as only chance does."""
    runs = _RUNS.findall(value)
    letters = "".join(runs)
    kinds = Counter("digit" if run[0].isdigit() else "upper" if run[0].isupper() else "lower" for run in runs)
    if len(letters) < 20 or len(kinds) < 3 or kinds["digit"] < 2:
        return False
    is_mixed = len(runs) / len(letters) > _MIN_CHANGES
    return is_mixed and _entropy(letters) > 0.75 * math.log2(min(len(letters), 62))


def _entropy(text: str) -> float:
    """Return the Shannon entropy in bits a character."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())
