"""Files that hold credentials: of these no content is ever kept, whatever reads them."""

from __future__ import annotations

import re
from pathlib import PurePath

from trackbook.capture.secrets import redact

_NAMES = re.compile(
    r"""\.env (?:\..*)? | .*\.env | \.envrc | [._]netrc | \.pgpass | \.my\.cnf | \.pypirc | \.npmrc | \.htpasswd
    | \.git-credentials | \.dockercfg | \.s3cfg | \.boto | \.databrickscfg | \.vault-token
    | id_(?:rsa|dsa|ecdsa|ed25519)(?:_.*)? | .*\.(?:pem|key|p12|pfx|pkcs12|jks|keystore|ppk|kdbx?|asc|gpg|ovpn)
    | (?:.*[._-])? (?:credentials?|secrets?|passwords?|passwd|shadow|apikeys?|api[_-]keys?) (?:[._-].*)?
    | kaggle\.json | client_secret.* | .*service[_-]?account.*\.json | (?:access_|auth_|api_|refresh_|\.)?token
    | (?:access_|auth_|api_|refresh_|\.)?token\.(?:json|txt|pickle|yaml|yml) | application_default_credentials.*
    | kubeconfig | \.?condarc | pip\.conf
    """,
    re.IGNORECASE | re.VERBOSE,
)
_DATA = frozenset({".csv", ".tsv", ".parquet", ".feather", ".arrow", ".xlsx", ".npy", ".npz", ".h5", ".orc"})
_FOLDERS = frozenset({".ssh", ".aws", ".gnupg", ".kube", ".azure", ".docker", ".gcloud", "gcloud", ".password-store"})
_NOWHERE = ("/proc/", "/sys/", "/dev/", "/etc/", "/run/")
_PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY")
_SETTINGS = frozenset(
    {"", ".json", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf", ".properties", ".txt", ".py", ".sh"}
)
_MOST_READ = 64 << 10


def is_credential_file(path: str) -> bool:
    """Return whether a file's name or folder says that it holds credentials (or that it is the machine's own)."""
    place = PurePath(path)
    if path.startswith(_NOWHERE) or not _FOLDERS.isdisjoint(place.parts[:-1]):
        return True
    return _NAMES.fullmatch(place.name) is not None and not _is_data(place)


def has_credentials(path: str, content: bytes) -> bool:
    """Return whether a private key, or a file of settings, holds something that looks like a credential."""
    if _PRIVATE_KEY.search(content, 0, _MOST_READ):
        return True
    if PurePath(path).suffix.lower() not in _SETTINGS or len(content) > _MOST_READ:
        return False
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return redact(text) != text


def _is_data(place: PurePath) -> bool:
    """Tell a table about passwords (``leaked-passwords.csv``) from one that holds somebody's own."""
    stem = place.name.lower().removesuffix(place.suffix.lower())
    return place.suffix.lower() in _DATA and stem not in (
        "credentials",
        "credential",
        "secrets",
        "passwords",
        "accesskeys",
    )
