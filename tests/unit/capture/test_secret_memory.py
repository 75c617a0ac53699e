from __future__ import annotations

import pytest
from trackbook.capture.secrets import redact


@pytest.mark.parametrize(
    "line",
    [
        'raise ValueError("no login with tram7depot9")',
        "print(f'{user} tram7depot9')",
        'text = """\nlogin tram7depot9\n"""',
        "x = 1  # tram7depot9 until May",
        "!curl https://example.com/tram7depot9",
    ],
)
def test_value_that_a_secret_name_was_given_is_in_no_other_string_of_the_code(line: str) -> None:
    source = f'os.environ["DB_PASSWORD"] = "tram7depot9"\n{line}\ntram7depot9 = None\n'

    told = redact(source)

    assert told.count("tram7depot9") == 1
    assert told.endswith("\ntram7depot9 = None\n")
