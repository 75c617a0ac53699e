"""Credentials never reach the store: they are found by name, by shape and by how random they look.

What is redacted can't be shown or run again, so a value that merely might be a secret stays: names are judged by their
words (`secret_names`), code by its syntax tree (`secret_code`, `secret_calls`), other text by shapes and by the
prefixes that issuers give their tokens (`secret_shapes`), and randomness only in long strings of mixed case and digits
(`secret_values`).

The rules are our own: of the libraries, detect-secrets (last release 2024) finds a third of the credentials in the
cells of the tests, takes 2 ms a cell and calls 7 % of the harmless ones secret; Kingfisher takes 0.3 to 3 s to load its
rules in every kernel and 44 MB.
"""

from __future__ import annotations

import base64
import binascii
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable

from trackbook.capture import secret_shapes as shapes
from trackbook.capture.secret_code import redact_code
from trackbook.capture.secret_memory import is_known, remember, without_known, without_known_literals
from trackbook.capture.secret_names import promises_any_secret, promises_identity, words
from trackbook.capture.secret_values import SECRET, is_made_up, is_mixed, is_named_secret, is_opaque, is_random
from trackbook.capture.secret_windows import find_windows, is_put_together
from trackbook.records import JsonValue

__all__ = ["SECRET", "is_secret", "redact", "redact_shown", "redact_url", "redact_value"]
_QUERY_NAMES = words(
    "sig signature x-amz-signature x-amz-credential x-amz-security-token x-goog-signature key code appid"
)
_USERS = words("user username usr myuser your_user dbuser")  # `user:password@host`, as manuals have it
_PASSWORDS = words("password passwd pass pwd pw mypassword")
_NAME_REACH = 120
_CODE = 100_000
_Rule = tuple[str, shapes.Shape, Callable[[re.Match[str]], str]]


def redact(text: str) -> str:
    """Return a source, an output, a message or a traceback with ``[secret]`` in place of what is a credential.

    The rest stays as it was, with as many lines; Python code stays Python code. Time is linear in the length, and text
    without anything like a credential costs a few searches for fixed bytes.
    """
    windows = find_windows(text)
    if not windows and not is_put_together(text):
        return without_known_literals(text)
    before, is_code = text, False
    if "PRIVATE KEY" in text:
        text = shapes.PRIVATE_KEY.sub(_keeping_lines, text)
    if is_put_together(text) or any(window.has_name for window in windows) or shapes.OF_CLIENT.search(text, 0, _CODE):
        text, is_code = redact_code(text, lambda value: _redacted("", value))
    parts, at = [], 0
    for window in windows if text == before else find_windows(text):
        part = text[window.start : window.end]
        part = _by_name(part, is_code) if window.has_name else _by_shape(part)
        parts += [text[at : window.start], _without_random(part)]
        at = window.end
    return without_known_literals("".join([*parts, text[at:]]))


def redact_shown(text: str) -> str:
    """Return what a cell showed or raised as `redact` does, and without the values that code gave to secret names."""
    return without_known(redact(text))


def is_secret(name: str, value: object) -> bool:
    """Tell whether a param holds a credential, by its name or by what its value looks like."""
    if isinstance(value, str):
        return is_named_secret(name, value) or _redacted(name, value) != value
    return isinstance(value, int) and promises_any_secret(name) and abs(value) > 999


def redact_value(name: str, value: JsonValue) -> JsonValue:
    """Return a param with ``[secret]`` in place of credentials, also inside lists and dicts."""
    if isinstance(value, dict):
        inherited = f"{name}_for_" if promises_any_secret(name) else ""
        return {key: redact_value(inherited + key, item) for key, item in value.items()}
    if isinstance(value, list):
        return [redact_value(name, item) for item in value]
    if isinstance(value, str) and not is_named_secret(name, value):
        return SECRET if is_known(value) else _redacted(name, value)
    if isinstance(value, str):
        remember(value)
    return SECRET if is_secret(name, value) else value


def redact_url(url: str) -> str:
    """Return a URL without user and password, and with ``[secret]`` for the values of secret parameters."""
    return redact(shapes.USERINFO.sub(lambda found: found["head"], url))


def _redacted(name: str, value: str) -> str:
    text = _by_name(value, False)
    return text if promises_identity(name) else _without_random(text)


def _by_name(text: str, is_code: bool) -> str:
    text = _apply(_NAME_RULES, _by_shape(text))
    return text if is_code else shapes.SETTING.sub(_made_up, text)


def _by_shape(text: str) -> str:
    return _apply(_SHAPE_RULES, text)


def _apply(rules: Iterable[_Rule], text: str) -> str:
    lowered = text.lower()
    for needle, pattern, replace in rules:
        if needle in lowered:
            text = pattern.sub(replace, text)
    return text


# --- what takes the place of a match


def _always(found: re.Match[str]) -> str:
    return SECRET


def _keeping_lines(found: re.Match[str]) -> str:
    return SECRET + "\n" * found[0].count("\n")


def _with_secret(found: re.Match[str]) -> str:
    if SECRET in found["value"]:
        return found[0]
    if is_mixed(found["value"]):
        remember(found["value"])
    quote = found["open"] if "open" in found.re.groupindex else ""
    return f"{found['head']}{quote}{SECRET}{quote}"


def _unless_placeholder(found: re.Match[str]) -> str:
    return found[0] if shapes.PLACEHOLDER.match(found["value"]) else _with_secret(found)


def _named(found: re.Match[str]) -> str:
    name = found["name"].rpartition(".")[2]
    return _with_secret(found) if is_named_secret(name, found["value"]) else found[0]


def _assigned(found: re.Match[str]) -> str:
    near = found.string[max(0, found.start() - _NAME_REACH) : found.start()]
    before = shapes.NAME_BEFORE.search(near)
    names = (
        (before["name"], before["type"] or "") if before is not None else ()
    )  # of `old key: api_key = "..."` the second
    is_secret_name = any(is_named_secret(name.rpartition(".")[2], found["value"]) for name in names)
    if is_secret_name and not shapes.END_OF_CODE.match(found["value"]):
        return found[0] if shapes.IN_MAPPING.search(near) else _with_secret(found)
    within = shapes.ASSIGNED.sub(_assigned, found["value"])  # "{'password': 'hunter2'}"
    return found[0][: found.start("value") - found.start()] + within + found[0][found.end("value") - found.start() :]


def _sk_token(found: re.Match[str]) -> str:
    """Redact what has digits and capitals or is a long number, and leave names of style classes: ``sk-toggleable``."""
    is_token = re.search(r"\d", found["value"]) and re.search(r"[A-Z]|[a-f0-9]{30}", found["value"])
    return SECRET if is_token else found[0]


def _made_up_value(found: re.Match[str]) -> str:
    return _with_secret(found) if is_made_up(found["value"]) else found[0]


def _header(found: re.Match[str]) -> str:
    """Redact ``Authorization: Bearer abc`` and leave ``"authorization", "backup"``, words of a list."""
    if "=" in found["head"] and found["head"][-1] not in "\"'" and "(" in found["value"]:  # code, not a header
        return found[0]
    is_list = re.search(r",[\s\"'bruf]*$", found["head"]) and not is_made_up(found["value"])
    return found[0] if is_list else _unless_placeholder(found)


def _option(found: re.Match[str]) -> str:
    """Redact ``--token abc`` and leave ``--token TOKEN``, as a help text has it."""
    return found[0] if found["value"].isupper() and found["value"].isalpha() else _named(found)


def _command(found: re.Match[str]) -> str:
    return shapes.COMMAND.sub(_made_up, found[0])


def _made_up(found: re.Match[str]) -> str:
    return _named(found) if is_made_up(found["value"]) else found[0]


def _shell(found: re.Match[str]) -> str:
    """Redact after a word for setting variables; alone only ``NAME=value``, which is no Python as people write it."""
    is_line = found["between"] == "=" and found["name"].isupper()
    return _named(found) if found["word"] or is_line else found[0]


def _yaml(found: re.Match[str]) -> str:
    """Redact ``password: hunter2`` and leave ``password: str``."""
    return _named(found) if re.search(r"[^A-Za-z_.]", found["value"]) else found[0]


def _prose(found: re.Match[str]) -> str:
    """Redact ``the password for it is hunter2`` and ``my api key: 0f3a...``, and leave what code can say."""
    name, value = found["name"].replace(" ", "_"), found["value"]
    line = found.string[found.string.rfind("\n", 0, found.start()) + 1 : found.start()]
    is_text = "#" in line or found["verb"].strip() == "is"
    is_like_one = is_opaque(value) or (promises_any_secret(name) and is_text and is_mixed(value))
    return _with_secret(found) if is_like_one and is_named_secret(name, value) else found[0]


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
    is_example = user.lower() in _USERS and password[1:].lower() in _PASSWORDS
    if is_example or shapes.PLACEHOLDER.match(password[1:]):
        return found[0]
    is_token = is_random(user) or password == ":x-oauth-basic"
    return f"{found['head']}{SECRET if is_token else user}:{SECRET}@"


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
        if item["item"][0] in "\"'" and is_named_secret(name, item["item"][1:-1]):
            text = text[: item.start("item") + 1] + SECRET + text[item.end("item") - 1 :]
    return found[0].removesuffix(found["values"]) + text


# each: what must be in the text for the pattern to be worth a look, the pattern, what takes the place of a match
_SHAPE_RULES: tuple[_Rule, ...] = (
    ("private key", shapes.PRIVATE_KEY, _keeping_lines),
    ("", shapes.TOKENS, _always),
    ("q~", shapes.AZURE_SECRET, _always),
    ("sk-", shapes.SK_TOKEN, _sk_token),
    ("https://", shapes.HOOK, _with_secret),
    ('"key"', shapes.KAGGLE, _with_secret),
    ("cds", shapes.CDS, _with_secret),
    ("=", shapes.QUERY, _query),
)
_NAME_RULES: tuple[_Rule, ...] = (
    ("://", shapes.USERINFO, _userinfo),
    ("authorization", shapes.HEADER, _header),
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
    ("--", shapes.OPTION, _option),
    ("=", shapes.LINE, _named),
    ("mysql", shapes.MYSQL, _unless_placeholder),
    ("connect(", shapes.ORACLE, _unless_placeholder),
    ("sudo", shapes.SUDO, _unless_placeholder),
    ("zip", shapes.ZIP, _unless_placeholder),
    ("7z", shapes.TOOL, _unless_placeholder),
    ("openssl", shapes.TOOL, _unless_placeholder),
    ("smbclient", shapes.TOOL, _unless_placeholder),
    ("", shapes.PROSE, _prose),
    ("</", shapes.ELEMENT, _named),
    ("login", shapes.CLI_KEY, _made_up_value),
    ("'", shapes.SQL, _unless_placeholder),
    ("", shapes.COMMAND_LINE, _command),
    ("", shapes.SHELL, _shell),
    ("=", shapes.ENVIRON, _made_up),
    ("login", shapes.CLI_LOGIN, _unless_placeholder),
    ("sshpass", shapes.CLI_LOGIN, _unless_placeholder),
    ("twine", shapes.CLI_LOGIN, _unless_placeholder),
    ("config set", shapes.CLI_LOGIN, _unless_placeholder),
    ("password", shapes.NETRC, _unless_placeholder),
    (":", shapes.FIELD, _named),
    ("=", shapes.INLINE, _named),
    (": ", shapes.YAML, _yaml),
)


# --- randomness


def _without_random(text: str) -> str:
    """Redact long random strings, but for those in URLs and those whose name says that they are hashes or ids."""
    urls = [found.span() for pattern in (shapes.URL, shapes.PUBLIC) for found in pattern.finditer(text)]
    urls.sort()
    starts = [start for start, _ in urls]

    def replace(found: re.Match[str]) -> str:
        start = found.start()
        url = bisect_right(starts, start) - 1
        if not is_random(found[0]) or (url >= 0 and start < urls[url][1]):
            return found[0]
        named = shapes.NAME_OF_VALUE.search(text[max(0, start - _NAME_REACH) : start])
        return found[0] if named and promises_identity(named[1]) else SECRET

    return shapes.LONG.sub(replace, text)
