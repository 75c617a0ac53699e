"""Which names promise a secret: words of a name, judged by what stands before and after them."""

from __future__ import annotations

import re
import unicodedata
from enum import IntEnum
from functools import lru_cache
from itertools import pairwise


def words(*lines: str) -> frozenset[str]:
    """Return the words of some lines as a set."""
    return frozenset(word for line in lines for word in line.split())


_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_a-zA-Z]+")
_PLAIN_LETTERS = str.maketrans("łøßıæ", "losia")  # those that are no letter with a mark
_STRONG = words(
    "password passwords passwd passphrase passcode pwd pw psw secret secrets apikey apikeys",
    "credential credentials creds authorization bearer jwt pswd passw pssword pasword passwrd",
    "passwort kennwort geheimnis senha segredo contrasena contrasenya motdepasse wachtwoord losenord passord",
    "adgangskode salasana jelszo lozinka пароль 密码 密碼 口令 パスワード 비밀번호",
)
_WEAK = words(  # also a word of its own, or of something that holds little secrets: the value has to look like one
    "pass passe cookie cookies clave mdp haslo heslo parola parol sifre sandi appid",
)
_WEAK_ANYWHERE = _WEAK - {"pass", "passe"}
_KEYS = words("key keys schluessel schlussel cle clef clave chave chiave llave klucz sleutel")
_STRONG_ENDS = (
    *("password", "passwd", "pswd", "apikey", "secretkey", "accesskey", "accesstoken", "authtoken", "sshpass"),
    *("dbpass", "userpass", "mypass", "rootpass", "dbpwd", "userpwd", "mypwd", "rootpwd"),
)
# in a text for `secret_windows`: what no other stem there finds
FOREIGN_STEMS = (
    *(b"kennwort", b"geheim", b"senh", b"clave", b"segredo", b"contrase", b"woord", b"senord", b"gangskod"),
    *(b"salasana", b"jelszo", b"lozinka", b"appid", b"_api", b"api_", b"mdp", b"haslo", b"heslo", b"parol", b"sifre"),
)
FOREIGN = re.compile(
    r"пароль|密码|密碼|口令|パスワード|비밀번호|contrase|senord|ösenord|hasło|şifre|łozinka", re.IGNORECASE
)
PASSWORDS = words(  # a word for it is none itself, but a label or a translation
    "passwort kennwort senha contraseña contrasena wachtwoord lösenord passord salasana jelszo hasło пароль 密码",
)
_BEFORE_PASS = words(
    "db database user smtp imap mail email gmail mysql pg postgres redis mongo admin root sudo login ftp ssh my jdbc",
    "de sender app proxy wifi host account client service web oracle sql server neo4j api",
)
_BEFORE_KEY = words(
    "api access secret private account subscription encryption signing master service license licence storage auth ssh",
    "shared",
    "consumer session fernet jwt tavily pinecone replicate together voyage langsmith langfuse deepseek gemini",
    "deploy admin hmac aes openai anthropic wandb aws azure gcp google stripe hf huggingface kaggle comet neptune",
    "cohere mistral groq github gitlab sendgrid twilio mailgun datadog",
)
_LICENCE = words("license licence")
_PART_OF_TEXT = words(  # before "token": a piece of text or a page, no credential
    "pad padding eos bos unk unknown mask masked sep cls special stop start end begin image audio video vocab num max",
    "min n first last oov word sub subword char target prev previous next page continuation current each this one top",
    "best label blank",
)
_NEUTRAL = words(  # after the word: still the secret itself
    "value val str string text raw b64 base64 plain plaintext dev prod production staging test live old new default",
    "api acceso acesso acces accesso zugriff db database datenbank base usuario user admin root",
    "primary secondary main backup read write ro rw key keys me local remote a b x y",
)
_IDENTITY = words(  # a long random value under such a name says which one, not how to get in
    "sha md5 digest digests commit checksum checksums hash hashes fingerprint fingerprints etag id ids uid uuid guid",
    "revision rev version ref path paths file files filename dir directory folder url uri integrity signature schema",
    "gdown regex pattern address addresses wallet btc eth sequence seq",
)


@lru_cache(maxsize=4096)
def promises_secret(name: str) -> bool:
    """Tell whether a name says that its value is a credential: ``DB_PASSWORD``, ``apiKey``, ``hf_token``.

    ``max_tokens``, ``tokenizer``, ``pad_token``, ``password_reset_rate``, ``primary_key`` and ``author`` do not.
    """
    return _promise(_words_of(name)) is not _Promise.NONE


@lru_cache(maxsize=4096)
def promises_any_secret(name: str) -> bool:
    """Tell whether a name says so of whatever value, and does not just hold a token, which may be a word of a text."""
    words = _words_of(name)
    is_any = any(_promise_of_word(words, i) is _Promise.ANY for i in range(len(words)))
    return is_any and _promise(words) is not _Promise.NONE


@lru_cache(maxsize=4096)
def promises_weakly(name: str) -> bool:
    """Tell whether a name says so by a word only that means other things too: ``pass``, ``cookies``, ``clave``."""
    return _promise(_words_of(name)) is _Promise.WEAK


@lru_cache(maxsize=4096)
def promises_licence(name: str) -> bool:
    """Tell whether a name is of a licence's key, which in catalogues of data is the name of a licence."""
    words = _words_of(name)
    return any(one in _LICENCE and other in _KEYS for one, other in pairwise(words))


@lru_cache(maxsize=4096)
def promises_identity(name: str) -> bool:
    """Tell whether a name says that its value is a hash, an id or a place, which may well look random."""
    words = _words_of(name)
    return any(word in _IDENTITY for word in words[-3:]) or words[-2:] == ("by", "key")


def _words_of(name: str) -> tuple[str, ...]:
    """Return the words of a name in lower case: ``AWS_secretKey2`` has aws, secret, key and 2."""
    if not name.isascii():
        marked = unicodedata.normalize("NFKD", name.translate(_PLAIN_LETTERS))
        name = "".join(letter for letter in marked if not unicodedata.combining(letter) or ord(letter) > 0x3000)
    return tuple(word.lower() for word in _WORDS.findall(name))


class _Promise(IntEnum):
    """What a word says about the value: nothing, or that one that looks made up, like a token, or any is a secret."""

    NONE = 0
    WEAK = 1
    TOKEN = 2
    ANY = 3


def _promise(words: tuple[str, ...]) -> _Promise:
    promises = [_promise_of_word(words, i) for i in range(len(words)) if _is_the_thing(words[i + 1 :])]
    return max(promises, default=_Promise.NONE)


def _promise_of_word(words: tuple[str, ...], i: int) -> _Promise:
    word, before = words[i], words[i - 1] if i else ""
    if word == "bearer":
        return _Promise.TOKEN
    if word in _STRONG or word.endswith(_STRONG_ENDS):
        return _Promise.ANY
    if word == "token":
        return _Promise.NONE if before in _PART_OF_TEXT else _Promise.TOKEN
    if word in ("pass", "passe") and before in _BEFORE_PASS:
        return _Promise.ANY
    if word in _KEYS and (before in _BEFORE_KEY or (word not in ("key", "keys") and "api" in words)):
        return _Promise.ANY
    return _Promise.WEAK if word in _WEAK and (len(words) == 1 or word in _WEAK_ANYWHERE) else _Promise.NONE


def _is_the_thing(after: tuple[str, ...]) -> bool:
    """Tell whether what follows the word leaves it a credential, and does not make it a thing about one."""
    return all(word in _NEUTRAL or word.isdigit() for word in after) or after[0] in ("for", "of")
