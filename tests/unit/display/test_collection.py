"""What a collection freed is said with the snapshots that went."""

from __future__ import annotations

from trackbook.display.collection import collection_payload, collection_text
from trackbook.store.contract import Collection


def test_snapshots_are_told_among_the_objects() -> None:
    found = Collection(is_dry_run=True, objects=12, object_bytes=2**20, snapshots=2)

    text = collection_text(found, "here")

    assert text == "Would free 1.0 MB in here: 12 objects that nothing needs (1.0 MB, 2 snapshots among them)."
    assert collection_payload(found)["snapshots"] == 2


def test_no_snapshots_are_not_told() -> None:
    text = collection_text(Collection(is_dry_run=False, objects=1, object_bytes=10), "here")

    assert "snapshot" not in text
