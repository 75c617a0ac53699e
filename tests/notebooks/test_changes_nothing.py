"""Tracking changes nothing: every corpus notebook looks and ends the same with `%load_ext trackbook` and without."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .comparison import differences
from .harness import Pair
from .notebook import Notebook, read_corpus


@pytest.mark.parametrize("notebook", read_corpus(), ids=lambda notebook: notebook.name)
def test_tracking_changes_nothing(notebook: Notebook, recorded: Callable[[Notebook], Pair]) -> None:
    pair = recorded(notebook)

    assert differences(notebook, pair.plain, pair.tracked) == []
