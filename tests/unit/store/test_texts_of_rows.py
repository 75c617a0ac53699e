"""Texts that are put together by hand are those that the encoder would write."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from trackbook.records import FileRead, JsonValue, Source, Statement, encode
from trackbook.store.sql.rows.executions import statements_text
from trackbook.store.sql.values import json_mapping

NAMES = st.text(max_size=6) | st.sampled_from(
    ["x", "naïve", 'a"b', "back\\slash", "a.b", "new\nline", "\ud800", "\x7f"]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | NAMES
VALUES: st.SearchStrategy[JsonValue] = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=5
)
SOURCES = st.builds(Source, execution_id=NAMES, statement=st.integers(0, 99))
FILES = st.builds(FileRead, path=NAMES, size=st.none() | st.integers(0), digest=st.none() | NAMES)
STATEMENTS = st.builds(
    Statement,
    line=st.integers(1, 10**6),
    end_line=st.integers(1, 10**6),
    reads=st.dictionaries(NAMES, st.lists(SOURCES, max_size=3).map(tuple), max_size=3),
    writes=st.lists(NAMES, max_size=3).map(tuple),
    literals=st.dictionaries(NAMES, VALUES, max_size=2),
    files=st.lists(FILES, max_size=2).map(tuple),
    unseeded=st.lists(NAMES, max_size=2).map(tuple),
)


@given(st.dictionaries(NAMES, VALUES, max_size=3))
def test_a_mapping_is_written_as_the_encoder_writes_it(values: dict[str, JsonValue]) -> None:
    written = json_mapping(values)

    assert written == encode(values)


@given(st.lists(STATEMENTS, max_size=3).map(tuple))
def test_statements_are_written_as_the_encoder_writes_them(statements: tuple[Statement, ...]) -> None:
    plain: list[JsonValue] = [_plain(each) for each in statements]

    written = statements_text(statements)

    assert written == encode(plain)


def _plain(statement: Statement) -> JsonValue:
    """Return a statement as the JSON value that the store keeps."""
    found: dict[str, JsonValue] = {
        "line": statement.line,
        "end_line": statement.end_line,
        "reads": {
            name: [[each.execution_id, each.statement] for each in made] for name, made in statement.reads.items()
        },
        "writes": list(statement.writes),
        "literals": dict(statement.literals),
    }
    if statement.files:
        found["files"] = [[file.path, file.size, file.digest] for file in statement.files]
    if statement.unseeded:
        found["unseeded"] = list(statement.unseeded)
    return found
