"""Which arguments of a call are a credential: by a keyword, by what is called, or by the text they are put into.

`login(user, "...")`, `Client("...")`, `hmac.new(b"...")` and `"password=%s" % ...` name no secret where it stands; what
is called says what the argument is for.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from trackbook.capture.secret_names import promises_secret, words
from trackbook.capture.secret_values import is_made_up, is_mixed, is_opaque

GIVEN = ("default", "value", "initial_value", "fallback")
SETTERS = words(
    "get pop getenv setenv putenv setdefault set put add add_header setItem config option header field Header"
)
_SIGNING = {  # the place of the key
    "jwt.encode": 1,
    "jwt.decode": 1,
    "hmac.new": 0,
    "hmac.digest": 0,
    "AES.new": 0,
    "Fernet": 0,
    "URLSafeTimedSerializer": 0,
    "URLSafeSerializer": 0,
    "keyring.set_password": 2,
    "setpassword": 0,
}
_CLIENT = words("client api bot sdk login auth connection connector credential credentials cred creds token key github")
_CREDENTIAL = words("credential credentials cred creds auth authentication login")
_NAMED_CLIENTS = words("Fred Roboflow TimeSeries FundamentalData NewsApi Quandl")
_CONNECT = words("connect connection create_connection create_pool ftp ftp_tls ftps sftp")
_OF_A_THING = words(  # which a random argument may name
    "uuid id object objectid hash digest run experiment model dataset path file image artifact job node cell commit",
    "revision series checksum md5 sha sha1 sha256 hexdigest url version ref",
)
_TYPING = words("fill type send_keys press_sequentially setValue")
_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_LABEL = re.compile(r"[A-Za-z][\w \-]*[:=]\s*$")
_EMAIL = re.compile(r"[\w.+\-]+@[\w.\-]+$")
_OPTION = re.compile(r"-{0,2}[A-Za-z][\w.\-]*$")
_USER_AND_PASSWORD = re.compile(r"[\w.@\-]{1,60}:(?P<password>\S{4,200})$")
_URL = re.compile(r"https?://")
_USER = re.compile(r"user|login|name|account|dn$", re.IGNORECASE)
_FIELD = re.compile(r"%[\d.]*[sd]|\{\d*\}")
_NAME_OF_FIELD = re.compile(r"""(?P<name> [A-Za-z_][\w\-]* ) ["']? \s* [:=] \s* ["']? $""", re.VERBOSE)
_USER_OF_URL = re.compile(r"://[^\s/@]*:$")


def named_arguments(call: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    """Yield arguments of a call with the name that says what they are for."""
    yield from _keywords(call)
    name = called(call)
    if name in SETTERS:
        yield from ((option(key), value) for key, value in pairwise(call.args))
    elif (
        name.startswith(("set_", "use_", "with_", "add_", "register_")) and len(call.args) > 1 and promises_secret(name)
    ):
        yield name, call.args[-1]
    elif name in _TYPING:
        yield from ((place, value) for place in _places(call) for value in call.args[-1:])
    elif name == "format" and isinstance(call.func, ast.Attribute):
        yield from _in_template(constant(call.func.value), call.args)
    for first, second in pairwise(call.args):
        if _LABEL.match(constant(first)) and is_made_up_literal(second):
            yield constant(first), second
    yield from (("password", value) for value in _unnamed(call, name))


def filled_in(template: str, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """Yield what ``template % value`` puts where, with the names that the template has there."""
    yield from _in_template(template, value.elts if isinstance(value, ast.Tuple) else [value])


def appended(left: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """Yield what ``base + "?api_key=" + value`` puts behind a name, with that name."""
    before = left.right if isinstance(left, ast.BinOp) else left
    if (named := _NAME_OF_FIELD.search(constant(before))) is not None:
        yield named["name"], value


def name_of(node: ast.expr) -> str:
    """Return the last part of what is assigned to, or a literal that is used as a name."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Constant(value=str() as name):
            return name
        case ast.Subscript(slice=ast.Constant(value=str() as name)):
            return name
    return ""


def constant(node: ast.expr) -> str:
    """Return the value of a string literal, else nothing."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def option(node: ast.expr) -> str:
    """Return a literal that can be a name: ``API_KEY``, ``--token``, ``fs.s3a.secret.key``."""
    value = constant(node)
    return value if _OPTION.match(value) else ""


def called(call: ast.Call) -> str:
    """Return the last part of what is called."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def is_made_up_literal(node: ast.expr) -> bool:
    """Tell whether a literal is no word of a language or a program."""
    return is_made_up(constant(node))


def _keywords(call: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    names = [option(argument) for argument in call.args]
    names += [option(word.value) for word in call.keywords if word.arg in ("description", "label", "name")]
    promised = next((name for name in names if name and promises_secret(name)), "")
    for word in call.keywords:
        if word.arg is not None:
            yield (promised if promised and word.arg in GIVEN else word.arg), word.value


def _places(call: ast.Call) -> Iterator[str]:
    """Yield what says where on a page a call types: ``fill("#password", ...)``, ``find("password").send_keys(...)``."""
    found = call.func.value if isinstance(call.func, ast.Attribute) else None
    arguments = [*call.args[:-1], *(found.args if isinstance(found, ast.Call) else ())]
    yield from (word for argument in arguments for word in re.findall(r"[A-Za-z_]\w*", constant(argument)))


def _in_template(template: str, values: Sequence[ast.expr]) -> Iterator[tuple[str, ast.expr]]:
    for field, value in zip(_FIELD.finditer(template), values, strict=False):
        before = template[: field.start()]
        if _USER_OF_URL.search(before):
            yield "password", value
        elif (named := _NAME_OF_FIELD.search(before)) is not None:
            yield named["name"], value


def _unnamed(call: ast.Call, name: str) -> Iterator[ast.expr]:
    """Yield the arguments that what is called makes credentials, whatever they look like or if they look like one."""
    arguments = call.args
    place = _SIGNING.get(_qualified(call.func), _SIGNING.get(name, len(arguments)))
    if place < len(arguments):
        yield arguments[place]
    elif len(arguments) == 2 and _EMAIL.match(constant(arguments[0])):
        if name == "login" or is_made_up_literal(arguments[1]):
            yield arguments[1]
    elif len(arguments) > 1 and _is_of_credential(name) and is_made_up_literal(arguments[-1]):
        yield from () if _EMAIL.match(constant(arguments[-1])) else arguments[-1:]
    elif _is_connection(name, arguments) and is_made_up_literal(arguments[2]):
        yield arguments[2]
    elif name == "b64encode" and _is_user_and_password(arguments):
        yield arguments[0]
    elif _is_of_client(call, name):
        yield from _of_client([argument for argument in arguments if not _URL.match(constant(argument))], arguments)


def _is_of_credential(name: str) -> bool:
    is_class = name[:1].isupper() and not _CREDENTIAL.isdisjoint(_words(name))
    return is_class or name.endswith(("login", "authenticate", "pw_set"))


def _is_connection(name: str, arguments: Sequence[ast.expr]) -> bool:
    """Tell whether a call connects to a host as a user, and not a signal to a function."""
    if name.lower() not in _CONNECT or len(arguments) < 3:
        return False
    return bool(constant(arguments[1])) or _USER.search(name_of(arguments[1])) is not None


def _is_of_client(call: ast.Call, name: str) -> bool:
    """Tell whether a class is called that stands for a service, or whose one argument can be nothing but its key."""
    kinds = _words(name)
    if not name[:1].isupper() or not _OF_A_THING.isdisjoint(kinds):
        return False
    owner = _qualified(call.func).lower().rpartition(".")[0]
    return not _CLIENT.isdisjoint(kinds) or name.lower() in owner or name in _NAMED_CLIENTS


def _of_client(given: Sequence[ast.expr], arguments: Sequence[ast.expr]) -> Iterator[ast.expr]:
    """Yield a client's tokens, and the password that stands after its user and beside its address."""
    yield from (argument for argument in given if is_opaque(constant(argument)))
    if len(given) == 2 < len(arguments) and is_mixed(constant(given[1])):
        yield given[1]


def _is_user_and_password(arguments: Sequence[ast.expr]) -> bool:
    match arguments:
        case [ast.Constant(value=bytes() as value), *_]:
            found = _USER_AND_PASSWORD.match(value.decode("latin-1"))
            return found is not None and is_made_up(found["password"])
    return False


def _words(name: str) -> frozenset[str]:
    return frozenset(word.lower() for word in _CAMEL.findall(name))


def _qualified(node: ast.expr) -> str:
    match node:
        case ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr=name):
            return f"{owner}.{name}"
    return name_of(node)
