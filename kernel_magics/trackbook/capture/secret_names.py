"""Which names promise a secret: words of a name, judged by what stands before and after them."""

from __future__ import annotations

import re
from functools import lru_cache


def words(*lines: str) -> frozenset[str]:
    """Return the words of some lines as a set."""
    return frozenset(word for line in lines for word in line.split())


_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_STRONG = words(
    "password passwords passwd passphrase passcode pwd pw psw secret secrets apikey apikeys",
    "credential credentials authorization bearer jwt cookie cookies",
)
_STRONG_ENDS = ("password", "passwd", "apikey", "secretkey", "accesskey", "accesstoken", "authtoken", "sshpass")
_BEFORE_PASS = words(
    "db database user smtp imap mail email gmail mysql pg postgres redis mongo admin root sudo login ftp ssh my jdbc",
    "sender app proxy wifi host account client service web oracle sql server neo4j api",
)
_BEFORE_KEY = words(
    "api access secret private account subscription encryption signing master service license storage auth ssh shared",
    "consumer session fernet jwt tavily pinecone replicate together voyage langsmith langfuse deepseek gemini",
    "deploy admin hmac aes openai anthropic wandb aws azure gcp google stripe hf huggingface kaggle comet neptune",
    "cohere mistral groq github gitlab sendgrid twilio mailgun datadog",
)
_PART_OF_TEXT = words(  # before "token": a piece of text or a page, no credential
    "pad padding eos bos unk unknown mask masked sep cls special stop start end begin image audio video vocab num max",
    "min n first last oov word sub subword char target prev previous next page continuation current each this one top",
    "best label blank",
)
_NEUTRAL = words(  # after the word: still the secret itself
    "value val str string text raw b64 base64 plain plaintext dev prod production staging test live old new default",
    "primary secondary main backup read write ro rw key keys me local remote a b x y",
)
_IDENTITY = words(  # a long random value under such a name says which one, not how to get in
    "sha md5 digest digests commit checksum checksums hash hashes fingerprint fingerprints etag id ids uid uuid guid",
    "revision rev version ref path paths file files filename dir directory folder url uri integrity signature schema",
    "regex pattern address addresses wallet btc eth sequence seq",
)


@lru_cache(maxsize=4096)
def promises_secret(name: str) -> bool:
    """Tell whether a name says that its value is a credential: ``DB_PASSWORD``, ``apiKey``, ``hf_token``.

    ``max_tokens``, ``tokenizer``, ``pad_token``, ``password_reset_rate``, ``primary_key`` and ``author`` do not.
    """
    words = _words_of(name)
    return any(_is_credential(words, i) and _is_the_thing(words[i + 1 :]) for i in range(len(words)))


@lru_cache(maxsize=4096)
def promises_any_secret(name: str) -> bool:
    """Tell whether a name says so of whatever value, and does not just hold a token, which may be a word of a text."""
    words = tuple(word for word in _words_of(name) if word not in ("token", "bearer"))
    return promises_secret(name) and any(_is_credential(words, i) for i in range(len(words)))


@lru_cache(maxsize=4096)
def promises_identity(name: str) -> bool:
    """Tell whether a name says that its value is a hash, an id or a place, which may well look random."""
    return any(word in _IDENTITY for word in _words_of(name)[-3:])


def _words_of(name: str) -> tuple[str, ...]:
    """Return the words of a name in lower case: ``AWS_secretKey2`` has aws, secret, key and 2."""
    return tuple(word.lower() for word in _WORDS.findall(name))


def _is_credential(words: tuple[str, ...], i: int) -> bool:
    word, before = words[i], words[i - 1] if i else ""
    if word in _STRONG or word.endswith(_STRONG_ENDS):
        return True
    if word == "token":
        return before not in _PART_OF_TEXT
    if word == "pass":
        return before in _BEFORE_PASS or len(words) == 1
    return word in ("key", "keys") and before in _BEFORE_KEY


def _is_the_thing(after: tuple[str, ...]) -> bool:
    """Tell whether what follows the word leaves it a credential, and does not make it a thing about one."""
    return all(word in _NEUTRAL or word.isdigit() for word in after) or after[0] in ("for", "of")
