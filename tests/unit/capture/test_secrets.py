from __future__ import annotations

import ast
import random
import re
import statistics
import string
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trackbook.capture.secrets import SECRET, is_secret, redact, redact_url, redact_value

from .secrets_corpus import DEVELOPED, Corpus
from .secrets_held_out import FIRST, LAST, SECOND
from .secrets_unseen import cells

CORPORA = {
    "developed": DEVELOPED,
    "first": FIRST,
    "second": SECOND,
    "last": LAST,
    "cells": cells("dev", "heldout"),
    "later cells": cells("later", "last", "plain"),
}
RANDOM = "Qx7fT2mK9pLw3ZrB8vNc5YdH1sJg6"

SECRETS = [  # a text, and what must not be left of it
    ('password = "hunter2"', "hunter2"),
    ("password = 'correct horse battery staple'", "horse"),
    ('db_password: str = "hunter2"', "hunter2"),
    ('connect(host="db", password="hunter2")', "hunter2"),
    ('self.client.api_key = "abcd1234"', "abcd1234"),
    ('API_KEY_2 = "abcd1234"', "abcd1234"),
    ('apiKey: "abcd1234",', "abcd1234"),
    ('{"client_secret": "s3cr3t", "user": "me"}', "s3cr3t"),
    ('"password = \\"hunter2\\"\\n",', "hunter2"),
    ("os.environ['X_TOKEN'] = 'abc123def'", "abc123def"),
    ('os.environ.setdefault("DB_PASS", "hunter2")', "hunter2"),
    ('monkeypatch.setenv("OPENAI_KEY", "abc123")', "abc123"),
    ('os.getenv("SECRET_KEY", "fallback")', "fallback"),
    ('client.set_api_key("abcd1234")', "abcd1234"),
    ('if password == "hunter2":', "hunter2"),
    ('user, password = "me", "hunter2"', "hunter2"),
    ("%env API_KEY=abc123", "abc123"),
    ("%set_env API_KEY abc123", "abc123"),
    ("export AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG", "wJalr"),
    ("DB_PASSWORD=hunter2", "hunter2"),
    ("db_password: hunter2", "hunter2"),
    ("!mysqldump --user me --password hunter2 db", "hunter2"),
    ("!tool --api-key=abcd1234", "abcd1234"),
    ("!curl -u me:hunter2 https://example.com", "hunter2"),
    ('psycopg.connect("host=db password=hunter2 dbname=x")', "hunter2"),
    ("AccountName=x;AccountKey=abcdefgh12345678==;EndpointSuffix=core", "abcdefgh"),
    ("AccountName=x;AccountKey=/McU1vsHiQMaRiNTN9Ox98whGcTZc1UWb5fxzpF7==;EndpointSuffix=core", "McU1vsHi"),
    ('requests.get(url, auth=("me", "hunter2"))', "hunter2"),
    ('HTTPBasicAuth(user, "hunter2")', "hunter2"),
    ('wandb.login(key="0123456789abcdef0123456789abcdef01234567")', "01234567"),
    ('headers = {"Authorization": "Bearer abc.def.ghi"}', "abc.def"),
    ("Authorization: Basic bWU6aHVudGVyMg==", "bWU6"),
    ("curl -H 'authorization: token abcdef123'", "abcdef123"),
    ("Cookie: session=abc123; csrf=def456", "abc123"),
    ('f"Bearer {x}" or "Bearer abcdef123456"', "abcdef123456"),
    ("postgres://user:pw123@host:5432/db", "pw123"),
    ("https://ghost:p%40ss@example.com/x.csv", "p%40ss"),
    ("pip install --index-url https://aVeryLongTokenForUser@pypi.example.com/simple", "aVeryLong"),
    ("https://example.com/data?api_key=abcd1234&v=1", "abcd1234"),
    ("https://x.blob.core.windows.net/c/b?sv=2020&sig=abcdefghij1234567890%3D", "abcdefghij"),
    ("AKIAIOSFODNN7EXAMPLE", "IOSFODNN"),
    ("ghp_" + "a1B2" * 9, "a1B2"),
    ("github_pat_" + "a1B2c3_" * 6, "a1B2"),
    ("xoxb-1234567890-abcdefghij", "abcdefghij"),
    ("AIza" + "Sy1-_" * 7, "Sy1-_"),
    ("sk_live_" + "a1B2c3d4" * 3, "a1B2"),
    ("sk-proj-" + "a1B2c3d4" * 5, "a1B2"),
    ("hf_" + "aBcDeFgHiJ" * 3, "aBcD"),
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9.dBjftJeZ4CVP-mB92K27", "eyJzdWIi"),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAAKC\n-----END RSA PRIVATE KEY-----", "MIIEow"),
    ('key = "-----BEGIN PRIVATE KEY-----\\nMIIEowIBAAKCAQEAtruncated', "MIIEow"),
    ("npm_" + "a1B2c3" * 6, "a1B2"),
    ("pypi-" + "AgEIcHlwaS5vcmc" * 4, "AgEI"),
    ("glpat-" + "a1B2c3d4e5" * 2, "a1B2"),
    ("https://hooks.slack.com/services/T0001/B0001/abcdefghijkl", "abcdefghijkl"),
    ("SG." + "a1B2c3d4e5" * 2 + "." + "a1B2c3d4e5" * 4, "a1B2"),
    ("dapi" + "0123456789abcdef" * 2, "0123"),
    (f"OSError: could not log in with {RANDOM}", RANDOM),
    (f'x = "{RANDOM}"', RANDOM),
    ("def f(x_token: str = Header('hrWnVLlxaJNb')): ...", "hrWnVLlxaJNb"),
    ("!mysqldump -uroot -phunter22 sales > x.sql", "hunter22"),
    ('license_key = "A1B2C-D3E4F-G5H6I-J7K8L-M9N0P"', "D3E4F"),
    ('LICENSE_KEY = "4F8Q 2L9X 7ZKP 3MWT"', "2L9X"),
    ('solver.set(license_key="QWTR ZKPM LBVC XHDN")', "LBVC"),
    ("licence_key: hunter2-4.0", "hunter2"),
    ('config = {"license_key": "9f8a7b6c-5d4e"}', "9f8a7b6c"),
    ('db_password = "CC BY 4.0"', "CC BY"),
    ("https://api.telegram.org/bot123456789:AA" + "a1B2c3_-x" * 3 + "abcdef/sendMessage", "a1B2c3_-x"),
]

HARMLESS = [
    'license_key = "CC BY 4.0"',
    'LICENSE_KEY = "Apache-2.0"',
    'meta = {"name": "iris", "license_key": "cc-by-nc-sa-4.0"}',
    'dataset.tag(license_key="CC0: Public Domain")',
    "license_key: Open Data Commons Attribution License v1.0",
    'licence_key = "GPL-3.0-or-later"',
    'license_key = "MIT"',
    'assert union["pass"] == "passthrough"',
    'WORDS = {"as", "authorization", "backup", "begin"}',
    "num_memory_tokens = 512",
    'tokenizer = "bert-base-uncased"',
    "password_reset_rate = 0.1",
    "max_tokens=4096",
    'key = "target"',
    'random_key = jax.random.key("0")',
    'author = "Ada Lovelace"',
    'pad_token = "[PAD]"',
    'eos_token="</s>"',
    'mask_token = "mask"',
    'token = "hello"',
    'token_pattern = r"(?u)\\b\\w\\w+\\b"',
    'if token == "the":',
    'tokens = ["a", "b"]',
    'primary_key = "customer_id"',
    'sort_key = "created_at"',
    "password = os.environ['DB_PASSWORD']",
    'password = os.getenv("DB_PASSWORD")',
    "password = getpass('Password: ')",
    "connect(host=host, password=pw)",
    "def login(user: str, password: str, token: str | None = None) -> Session:",
    "class Settings:\n    password: SecretStr\n    token: str",
    'password = "<your password>"',
    'api_key = "YOUR_API_KEY"',
    'api_key = "${API_KEY}"',
    'password = ""',
    'api_key = f"{key}"',
    'f"postgres://{user}:{password}@host/db"',
    "ssh://git@github.com/org/repo.git",
    'token_url = "https://example.com/oauth/token"',
    'secret_file = "/run/secrets/db"',
    'password_column = "pw"',
    'columns = ["password", "email", "token"]',
    'sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"',
    "commit 6e4b158754a224aedba7691b881c96a2271f9491",
    f'digest = "{RANDOM}"',
    f'file_id = "{RANDOM}"',
    f"https://docs.google.com/spreadsheets/d/{RANDOM}/edit",
    'run_id = "0abc3def5ghj7kmn9pqrst"',
    "123e4567-e89b-12d3-a456-426614174000",
    'path = "/home/me/projects/Customer2024/Data_v3/train-00001-of-00010.parquet"',
    "C:\\Users\\Me\\Documents\\Project2024\\DataSet_Final_V3.csv",
    "from sklearn.experimental import enable_halving_search_cv",
    "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingClassifier",
    'model = "sentence-transformers/all-MiniLM-L6-v2"',
    "numpy-2.4.6-cp311-cp311-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl",
    '<div class="sk-toggleable__label-arrow sk-estimator-doc-link fitted">',
    'FATAL: password authentication failed for user "me"',
    "KeyError: 'password'",
    'if text.startswith("-----BEGIN RSA PRIVATE KEY-----"):\n    raise ValueError(text)',
    "auth = HTTPBasicAuth(user, password)",
    "The secret: use more data. Token: a word of a text.",
    "df['cookie_count'] = df['cookies'].map(len)",
    "2024-01-01T00:00:00.000000+00:00 INFO epoch 3 loss=0.123456789012345678",
    "x = 3.141592653589793238462643383279",
    'FEATURES = "AveRooms,AveBedrms,AveOccup,HouseAge2020"',
    "git+https://github.com/org/repo@v1.2.3",
]


@pytest.fixture(autouse=True)
def without_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each text is looked at by itself: what others call a password is none of its business."""
    for place in ("secrets", "secret_code"):
        monkeypatch.setattr(f"trackbook.capture.{place}.remember", lambda value: None)


@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_secret_is_taken_out_of_a_text(text: str, secret: str) -> None:
    redacted = redact(text)

    assert secret not in redacted
    assert SECRET in redacted


@pytest.mark.parametrize("text", HARMLESS)
def test_text_without_a_secret_stays_as_it_is(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize("corpus", CORPORA.values(), ids=CORPORA)
def test_credentials_of_the_corpus_are_found_and_little_else(corpus: Corpus) -> None:
    missed = [text for text, *parts in corpus.positives if any(part in redact(text) for part in parts)]
    wrong = [text for text in corpus.negatives if redact(text) != text]

    assert len(missed) <= 0.05 * len(corpus.positives), missed
    assert len(wrong) <= 0.02 * len(corpus.negatives), wrong


def test_corpus_is_large_enough_to_say_something() -> None:
    corpora = CORPORA.values()

    assert sum(len(corpus.positives) for corpus in corpora) >= 500
    assert sum(len(corpus.negatives) for corpus in corpora) >= 500


@pytest.mark.parametrize("corpus", CORPORA.values(), ids=CORPORA)
def test_redacted_code_has_as_many_lines_still_parses_and_stays_so(corpus: Corpus) -> None:
    texts = [text for text, *_ in corpus.positives]

    redacted = [redact(text) for text in texts]

    assert [text.count("\n") for text in redacted] == [text.count("\n") for text in texts]
    assert [text for before, text in zip(texts, redacted, strict=True) if _is_python(before) > _is_python(text)] == []
    assert [redact(text) for text in redacted] == redacted


def _is_python(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


@pytest.mark.parametrize(
    ("source", "redacted"),
    [
        ("password = 'Tr0ub' 'ador3'  # split\n", "password = '[secret]' ''  # split\n"),
        ("token = ('abcd1234'\n         'efgh5678')", "token = ('[secret]'\n         '')"),
        ('secret = """ab1\ncd2\nef3"""\nx = 1', 'secret = """[secret]\n\n"""\nx = 1'),
        ("api_key = f'abc1234{x}'", "api_key = '[secret]'"),
        ("password = 48151623", 'password = "[secret]"'),
        ("c = C('é', password='Tr0ub4dor')", "c = C('é', password='[secret]')"),
        ("%matplotlib inline\npassword = 'Tr0ub' + 'ador3'", "%matplotlib inline\npassword = '[secret]' + ''"),
        ("h = {'Authorization': 'Bearer ' 'abc123def'}", "h = {'Authorization': 'Bearer [secret]' ''}"),
    ],
)
def test_literals_that_are_put_together_lose_all_their_parts(source: str, redacted: str) -> None:
    assert redact(source) == redacted


@given(st.text(alphabet="ab='\"\\\n(){}+ #%!pk1é-_.:/@", max_size=60))
def test_any_text_keeps_its_lines_and_is_stable(text: str) -> None:
    source = f"password = 'x'\n{text}"

    once = redact(source)

    assert once.count("\n") == source.count("\n")
    assert redact(once) == once


def test_long_output_without_credentials_costs_little_more_than_reading_it() -> None:
    rng = random.Random(0)
    text = "\n".join(f"Epoch {n}/50 - loss: {rng.random():.4f} - accuracy: {rng.random()}" for n in range(40_000))

    def seconds(work: Callable[[], object]) -> float:
        started = time.process_time()
        work()
        return time.process_time() - started

    reading = statistics.median(seconds(lambda: len(re.findall(r"\w+", text))) for _ in range(5))
    redacting = statistics.median(seconds(lambda: redact(text)) for _ in range(5))

    assert redacting < reading  # of its words, by a pattern of two characters


@pytest.mark.parametrize("value", ["Qx7fT2mK9pLw3ZrB8vNc5YdH1sJg6", "ghp_" + "a1B2" * 9])
def test_credential_is_found_within_a_long_line(value: str) -> None:
    text = "[" + "0.1234, " * 20_000 + f"'{value}', " + "0.1234, " * 20_000 + "]"

    assert value not in redact(text)


@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_redacting_twice_is_redacting_once(text: str, secret: str) -> None:
    once = redact(text)

    assert redact(once) == once


def test_only_the_secret_goes_and_the_source_still_parses() -> None:
    source = 'user, password = "me", "hunter2"\nengine = create_engine("postgres://me:hunter2@db/x", echo=True)\n'

    redacted = redact(source)

    assert redacted == (
        'user, password = "me", "[secret]"\nengine = create_engine("postgres://me:[secret]@db/x", echo=True)\n'
    )
    compile(redacted, "cell", "exec")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("password", "hunter2"),
        ("DB_PASSWORD", "x"),
        ("password", 12345678),
        ("openai_api_key", "abc"),
        ("hf_token", "abcdefgh1"),
        ("accessToken", "abcdefgh1"),
        ("url", "postgres://me:hunter2@db/x"),
        ("x", "ghp_" + "a1B2" * 9),
        ("note", f"use {RANDOM}"),
    ],
)
def test_param_with_a_credential_is_secret(name: str, value: object) -> None:
    assert is_secret(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("num_memory_tokens", 512),
        ("tokenizer", "bert"),
        ("password_reset_rate", 0.1),
        ("max_tokens", 4096),
        ("key", "target"),
        ("random_key", "abc"),
        ("author", "Ada"),
        ("token", 50256),
        ("use_auth_token", True),
        ("password", None),
        ("password", ""),
        ("token", "the"),
        ("data", "/data/Customers2024/train.parquet"),
        ("sha", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
        ("digest", RANDOM),
        ("commit", "6e4b158754a224aedba7691b881c96a2271f9491"),
        ("run_id", RANDOM),
        ("token_env", "HF_TOKEN"),
        ("api_key", "OPENAI_API_KEY"),
        ("solver", "lbfgs"),
    ],
)
def test_param_without_a_credential_is_not_secret(name: str, value: object) -> None:
    assert not is_secret(name, value)


def test_secrets_inside_of_params_are_taken_out_and_the_rest_stays() -> None:
    params = {
        "db": {"host": "db", "password": "hunter2", "port": 5432},
        "credentials": {"user": "me", "value": "x1"},
        "urls": ["https://me:pw@h/x", "https://h/y"],
        "max_tokens": 3,
    }

    assert redact_value("config", params) == {  # type: ignore[arg-type]  # dict is invariant
        "db": {"host": "db", "password": SECRET, "port": 5432},
        "credentials": {"user": SECRET, "value": SECRET},
        "urls": [f"https://me:{SECRET}@h/x", "https://h/y"],
        "max_tokens": 3,
    }


def test_url_loses_user_password_and_secret_parameters_only() -> None:
    url = "https://me:pw@example.com:8080/a/b.csv?year=2024&token=abcdefgh1&page=2#top"

    assert redact_url(url) == f"https://example.com:8080/a/b.csv?year=2024&token={SECRET}&page=2#top"


@pytest.mark.parametrize(
    "unit", ["a-", "a.b_", 'x="', "sk-", "curl ", "http://a:", "-----BEGIN PRIVATE KEY-----", " ", "eyJaaaaaaaa."]
)
def test_time_is_linear_in_the_length_of_hostile_text(unit: str) -> None:
    def seconds(length: int) -> float:
        text = unit * (length // len(unit))
        started = time.process_time()
        redact(text)
        return time.process_time() - started

    small = min(seconds(20_000) for _ in range(3))

    assert seconds(160_000) < 8 * 4 * small + 0.05


def test_random_base64_of_an_image_is_not_taken_for_a_secret() -> None:
    alphabet = string.ascii_letters + string.digits + "+/"
    image = "".join(random.Random(0).choices(alphabet, k=5_000))
    text = f'{{"image/png": "{image}"}}'

    assert redact(text) == text
