"""papermill's cell of params, with what makes of them what the notebook's own defaults are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from papermill.translators import PythonTranslator, papermill_translators

_LANGUAGE = "python"


class _WithMakers(PythonTranslator):  # type: ignore[misc]  # papermill has no types
    """papermill's translator to Python, with statements after the values."""

    lines: Sequence[str] = ()

    @classmethod
    def codify(cls, parameters: Mapping[str, Any], comment: str = "Parameters") -> str:
        """Return the code of the cell; the values stand in it as literals, as papermill writes them."""
        code: str = super().codify(parameters, comment)
        return code + "".join(f"{line}\n" for line in cls.lines)


def inject_after_params(lines: Sequence[str]) -> None:
    """Have papermill write these statements after the params of the Python notebooks that this process executes."""
    papermill_translators.register(_LANGUAGE, type("_Translator", (_WithMakers,), {"lines": tuple(lines)}))
