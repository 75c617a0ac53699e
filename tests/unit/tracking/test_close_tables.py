from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from trackbook.tracking.close_tables import tables_are_close
from trackbook.tracking.numbers import Tolerance

TOLERANCE = Tolerance(relative=1e-9, absolute=1e-12)
FRAME = pd.DataFrame({"a": [1.0, np.nan, 3.0], "b": ["x", "y", "z"], "c": [1, 2, 3]})
SPARSE = scipy.sparse.csr_matrix(np.array([[0.0, 1.5], [2.5, 0.0]]))


@pytest.mark.parametrize(
    ("one", "other", "is_close"),
    [
        (FRAME, FRAME.assign(a=FRAME.a * (1 + 1e-13)), True),
        (FRAME, FRAME.assign(a=FRAME.a * (1 + 1e-6)), False),
        (FRAME, FRAME.assign(b=["x", "y", "w"]), False),
        (FRAME, FRAME.assign(c=[1, 2, 4]), False),
        (FRAME, FRAME.rename(columns={"a": "d"}), False),
        (FRAME, FRAME.set_index("c"), False),
        (FRAME, FRAME[::-1], False),
        (FRAME.a, FRAME.a * (1 + 1e-13), True),
        (FRAME.a, FRAME.a.to_numpy(), False),
        (np.ones((2, 2)), np.ones((2, 2)) + 1e-15, True),
        (np.ones((2, 2)), np.ones(4), False),
        (np.array(["a"]), np.array(["a"]), True),
        (np.array(["a"]), np.array(["b"]), False),
        (SPARSE, SPARSE * (1 + 1e-13), True),
        (SPARSE, SPARSE * 2, False),
        (SPARSE, SPARSE.T.tocsr(), False),
    ],
)
def test_tables_are_close_where_only_the_last_digits_differ(one: Any, other: Any, is_close: bool) -> None:
    assert tables_are_close(one, other, TOLERANCE) is is_close
