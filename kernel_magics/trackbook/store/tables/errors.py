"""Why a table is not kept."""

from __future__ import annotations

from trackbook.errors import InvalidValueError


class UnfitError(InvalidValueError):
    """A table, or something in it, would not come back equal. The message is the reason, as `refusal` gives it."""
