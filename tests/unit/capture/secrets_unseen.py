"""Cells as people write them in notebooks, written before their writer looked at any rule, and split by lot.

The rules were improved in view of `dev` first; `heldout` told how well they do on what they have not seen. `later` and
`last` were written against the rules as they were then, to find what they miss, and `plain` at the end, of the most
ordinary cells. Found were, before any change and before the part was looked at: `heldout` 86 % and 97.5 %, `later` 67 %
and 80 %, `last` 73 % and 78 %, `plain` 85 % and 92.5 %; most of what they showed was mended.
In `positive.txt` brackets ``⟦ ⟧`` stand around what must not be left, and ``:name`` in them for a credential that is
made here of a vendor's prefix, alphabet and length, so that scanners of repositories have nothing to find.
"""

from __future__ import annotations

import base64
import re
import string
from pathlib import Path

from .secrets_corpus import ALNUM, BASE64, HEX, URLSAFE, Corpus, of

_BLOCK = re.compile(
    r"^===== (?P<part>dev|heldout|later|last|plain) (?P<name>\S+)\n(?P<source>.*?)\n(?=^=====|\Z)", re.M | re.DOTALL
)
_CELLS = Path(__file__).with_name("secret_cells")
_SECRET = re.compile(r"⟦(.*?)⟧", re.DOTALL)
_UPPER = string.ascii_uppercase + string.digits
_LOWER = string.ascii_lowercase + string.digits


def cells(*parts: str) -> Corpus:
    """Return the cells of some parts: `dev`, `heldout`, `later`, `last`, `plain`."""
    return Corpus([_filled(source) for source in _sources("positive", parts)], _sources("negative", parts))


def _sources(kind: str, parts: tuple[str, ...]) -> list[str]:
    text = (_CELLS / f"{kind}.txt").read_text(encoding="utf-8")
    return [found["source"] for found in _BLOCK.finditer(text) if found["part"] in parts]


def _filled(source: str) -> tuple[str, ...]:
    parts: list[str] = []

    def fill(found: re.Match[str]) -> str:
        kind = found[1]
        secret = _made(kind[1:]) if kind.startswith(":") else kind
        parts.append(_telling(secret))
        return secret

    return (_SECRET.sub(fill, source), *parts)


def _telling(secret: str) -> str:
    """Return what is secret in a credential: what follows a prefix that every credential of its kind has."""
    return secret[-12:] if len(secret) >= 20 else secret


def _made(kind: str) -> str:
    if kind in _MADE:
        return _MADE[kind]
    alphabet, length, seed = re.fullmatch(r"(hex|alnum)(\d+)([b-z]?)", kind).groups()  # type: ignore[union-attr]  # a typing error in the file
    return of({"hex": HEX, "alnum": ALNUM}[alphabet], int(length), ord(seed) if seed else 0)


def _uuid() -> str:
    digits = of(HEX, 32)
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


_MADE = {
    "openai_proj": "sk-proj-" + of(ALNUM, 48) + "_" + of(URLSAFE, 20),
    "openai_old": "sk-" + of(ALNUM, 20) + "T3BlbkFJ" + of(ALNUM, 20, 1),
    "anthropic": "sk-ant-" + "api03-" + of(URLSAFE, 93) + "AA",
    "hf": "hf_" + of(string.ascii_letters, 34),
    "aws_id": "AKIA" + of(string.ascii_uppercase + "234567", 16),
    "aws_secret": of(BASE64, 40),
    "b64_200": of(BASE64, 200),
    "b64_64": of(BASE64, 64),
    "b64_64b": of(BASE64, 64, 1),
    "google": "AIza" + of(URLSAFE, 35),
    "gocspx": "GOCSPX-" + of(URLSAFE, 28),
    "google_refresh": "1//0" + of(URLSAFE, 60),
    "azure_key": of(BASE64, 86) + "==",
    "azure_sb": of(BASE64, 43) + "=",
    "azure_client": of(ALNUM, 3) + "8Q~" + of(ALNUM, 34),
    "sas_sig": of(ALNUM, 20) + "%2B" + of(ALNUM, 22, 1) + "%3D",
    "slack_bot": f"xoxb-{of(string.digits, 12)}-{of(string.digits, 13)}-{of(ALNUM, 24)}",
    "slack_hook": f"T{of(_UPPER, 8)}/B{of(_UPPER, 10)}/{of(ALNUM, 24)}",
    "ghp": "ghp_" + of(ALNUM, 36),
    "github_pat": "github_pat_" + of(ALNUM, 22) + "_" + of(ALNUM, 59),
    "glpat": "glpat-" + of(URLSAFE, 20),
    "stripe": "sk_" + "live_" + of(ALNUM, 24),
    "twilio_sid": "AC" + of(HEX, 32, 5),
    "sendgrid": "SG." + of(URLSAFE, 22) + "." + of(URLSAFE, 43),
    "mailgun": f"key-{of(HEX, 32)}",
    "dapi": "dapi" + of(HEX, 32),
    "neptune": base64.b64encode(b'{"api_address":"https://app.neptune.ai","api_key":"' + of(HEX, 36).encode()).decode(),
    "uuid": _uuid(),
    "telegram": of(string.digits[1:], 10) + ":AA" + of(URLSAFE, 33),
    "discord": "MT" + of(ALNUM, 24) + "." + of(ALNUM, 6) + "." + of(URLSAFE, 38),
    "jwt": f"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ{of(URLSAFE, 60)}.{of(URLSAFE, 43)}",
    "npm": "npm_" + of(ALNUM, 36),
    "pypi": "pypi-" + "AgEIcHlwaS5vcmc" + of(URLSAFE, 120),
    "basic": base64.b64encode(b"jane:correct-horse-7").decode(),
    "av": of(_UPPER, 16),
    "mapbox": "pk." + "eyJ1Ijoi" + of(ALNUM, 50) + "." + of(ALNUM, 22),
    "notion": "secret_" + of(ALNUM, 43),
    "r8": "r8_" + of(ALNUM, 37),
    "gsk": "gsk_" + of(ALNUM, 52),
    "ngrok": "2" + of(ALNUM, 26) + "_" + of(ALNUM, 21),
    "fernet": of(URLSAFE, 43) + "=",
    "airtable": "pat" + of(ALNUM, 14) + "." + of(HEX, 64),
}
