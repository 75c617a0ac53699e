from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from trackbook.capture.secret_windows import _NEEDLES, _windows, find_windows

_PIECES = (
    "pass", "word", "api_", "KEY", "key", "to", "ken", "token", "cred", "@", "hooks", "curl ", "sig=", "q~", "login",
    "://", " = ", '"', "'", "\n", "x", "0123456789", "abcdefghij", "hf_", "_", "-", "connect(", "mySQL", "ü", "\0", " ",
)  # fmt: skip


@given(st.lists(st.sampled_from(_PIECES), max_size=30).map("".join))
def test_a_text_passed_over_at_once_has_no_place_worth_a_look(text: str) -> None:
    at_length = _windows(text.encode("ascii", "replace"), _NEEDLES)

    assert find_windows(text) == at_length
