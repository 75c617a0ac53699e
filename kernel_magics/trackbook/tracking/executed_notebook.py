"""An executed notebook as it is kept with its run: with all that it shows, without credentials."""

from __future__ import annotations

import json
from typing import Any

from trackbook.capture.secrets import redact, redact_shown, redact_value

_MEDIA_TYPE = "application/x-ipynb+json"


def executed_notebook(name: str, notebook: dict[str, Any]) -> tuple[str, bytes, str]:
    """Return a notebook as a file to keep (name, content, media type), with ``[secret]`` in place of credentials.

    They are looked for in its code, its outputs and papermill's params. `notebook` is altered.
    """
    papermill = notebook.get("metadata", {}).get("papermill", {})
    if isinstance(papermill.get("parameters"), dict):
        papermill["parameters"] = {name: redact_value(name, value) for name, value in papermill["parameters"].items()}
    for cell in notebook.get("cells", ()):  # all code first: what it names as secret is one in every output
        cell["source"] = redact(_text(cell.get("source", "")))
    for cell in notebook.get("cells", ()):
        if "outputs" in cell:
            cell["outputs"] = [_shown(output) for output in cell["outputs"]]
    content = json.dumps(notebook, ensure_ascii=False, indent=1, default=str)
    return name, content.encode("utf-8", "surrogatepass"), _MEDIA_TYPE


def _text(value: object) -> str:
    return "".join(map(str, value)) if isinstance(value, list) else str(value)


def _shown(value: Any) -> Any:
    """Return an output without secrets: every text in it but pictures."""
    if isinstance(value, str):
        return redact_shown(value)
    if isinstance(value, list):
        return [_shown(item) for item in value]
    if isinstance(value, dict):
        return {
            key: item if key.startswith("image/") and key != "image/svg+xml" else _shown(item)
            for key, item in value.items()
        }
    return value
