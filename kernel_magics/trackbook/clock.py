"""The only source of time, ids and readable names, so that tests can freeze all three."""

from __future__ import annotations

import os
import threading
import time
from datetime import UTC, datetime, timedelta
from random import Random

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u
_EPOCH = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_STEPS = 32**2  # ids a second and process with a short form of their own
_TAIL_CHARACTERS = 14
_PAIRS = [one + other for one in _ALPHABET for other in _ALPHABET]
_DIGIT_OF_BYTE = (_ALPHABET * 8).encode()
_random = Random(os.urandom(16))  # our own: the person's random state is not ours to move
_lock = threading.Lock()
_last = 0

_ADJECTIVES = [
    "able",
    "amber",
    "apt",
    "bold",
    "brave",
    "brisk",
    "calm",
    "candid",
    "clear",
    "clever",
    "cosy",
    "crisp",
    "curious",
    "daring",
    "deft",
    "eager",
    "early",
    "fair",
    "fleet",
    "fond",
    "frank",
    "free",
    "fresh",
    "gentle",
    "glad",
    "golden",
    "grand",
    "green",
    "happy",
    "hardy",
    "honest",
    "humble",
    "jolly",
    "keen",
    "kind",
    "late",
    "lively",
    "loyal",
    "lucid",
    "lucky",
    "mellow",
    "merry",
    "mild",
    "modest",
    "neat",
    "nimble",
    "noble",
    "patient",
    "plain",
    "proud",
    "quick",
    "quiet",
    "ready",
    "rosy",
    "round",
    "sharp",
    "shy",
    "silent",
    "silver",
    "sleek",
    "smart",
    "snug",
    "sober",
    "solid",
    "spry",
    "steady",
    "still",
    "stout",
    "sunny",
    "sure",
    "swift",
    "tidy",
    "true",
    "vivid",
    "warm",
    "wary",
    "wise",
    "witty",
]
_ANIMALS = [
    "adder",
    "badger",
    "bat",
    "bear",
    "beaver",
    "bee",
    "bison",
    "boar",
    "camel",
    "carp",
    "cat",
    "cobra",
    "cod",
    "crab",
    "crane",
    "crow",
    "deer",
    "dingo",
    "dove",
    "duck",
    "eagle",
    "eel",
    "elk",
    "emu",
    "falcon",
    "ferret",
    "finch",
    "fox",
    "frog",
    "gecko",
    "gnu",
    "goat",
    "goose",
    "gull",
    "hare",
    "hawk",
    "heron",
    "horse",
    "ibex",
    "ibis",
    "jay",
    "koala",
    "lark",
    "lemur",
    "lion",
    "llama",
    "lynx",
    "magpie",
    "marten",
    "mole",
    "moose",
    "moth",
    "mouse",
    "newt",
    "okapi",
    "oriole",
    "otter",
    "owl",
    "panda",
    "pike",
    "pony",
    "puffin",
    "quail",
    "rabbit",
    "raven",
    "robin",
    "salmon",
    "seal",
    "shrew",
    "skink",
    "sloth",
    "snail",
    "sparrow",
    "squid",
    "stoat",
    "stork",
    "swan",
    "tapir",
    "tern",
    "tiger",
    "toad",
    "trout",
    "viper",
    "vole",
    "walrus",
    "wasp",
    "weasel",
    "whale",
    "wolf",
    "wombat",
    "wren",
    "yak",
    "zebra",
]


def now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


def stamp() -> int:
    """Return the present moment as `microseconds` would, at a third of the price."""
    return time.time_ns() // 1000


def microseconds(value: datetime) -> int:
    """Return how many microseconds an aware moment is after 1970 began in UTC."""
    return (value - _UNIX_EPOCH) // _MICROSECOND


def moment(number: int) -> datetime:
    """Return the moment, in UTC, that `microseconds` was given."""
    return _UNIX_EPOCH + timedelta(microseconds=number)


def monotonic() -> float:
    """Return seconds on a clock that never goes back, for durations."""
    return time.perf_counter()


def new_id() -> str:
    """Return a new id: 22 lower-case characters that sort by time, unique without coordination.

    Crockford's base 32: six characters of seconds since 2026, two that count up within the second (so that the short
    form of 8 characters tells apart what one process makes), fourteen at random. A process that makes more than a
    thousand ids a second borrows from the next one.
    """
    global _last
    seconds = stamp() // 1_000_000 - _EPOCH
    with _lock:
        _last = max(_last + 1, seconds * _STEPS + _random.getrandbits(8))
        head = _last
        tail = _random.getrandbits(8 * _TAIL_CHARACTERS).to_bytes(_TAIL_CHARACTERS, "little")
    digits = _PAIRS[head >> 30 & 1023] + _PAIRS[head >> 20 & 1023] + _PAIRS[head >> 10 & 1023] + _PAIRS[head & 1023]
    return digits + tail.translate(_DIGIT_OF_BYTE).decode()


def new_name() -> str:
    """Return a readable name such as ``brave-otter``; not unique."""
    return f"{_random.choice(_ADJECTIVES)}-{_random.choice(_ANIMALS)}"


def _reseed() -> None:
    """Give a forked child its own stream of ids, and a lock that no thread of its parent holds."""
    global _lock
    _lock = threading.Lock()
    _random.seed(os.urandom(16))


os.register_at_fork(after_in_child=_reseed)
