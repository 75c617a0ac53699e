"""What a collection freed, in sentences and as JSON."""

from __future__ import annotations

from collections.abc import Iterator

from trackbook.display import format as fmt
from trackbook.records import JsonValue
from trackbook.store.contract import Collection


def collection_text(found: Collection, location: str) -> str:
    """Return what was freed, or would be, one sentence a line."""
    verb = "Would free" if found.is_dry_run else "Freed"
    parts = list(_parts(found))
    lines = [f"{verb} {fmt.size(found.freed_bytes)} in {location}: {', '.join(parts)}."]
    if not parts:
        lines = [f"Nothing to free in {location}."]
    if found.young:
        what = fmt.plural(found.young, "object")
        lines.append(
            f"{what} ({fmt.size(found.young_bytes)}) that nothing needs yet stayed: too young, "
            "or put while a session lives that may still name it."
        )
    return "\n".join(lines)


def _parts(found: Collection) -> Iterator[str]:
    if found.objects:
        of_snapshots = f", {fmt.plural(found.snapshots, 'snapshot')} among them" if found.snapshots else ""
        size = fmt.size(found.object_bytes)
        yield f"{fmt.plural(found.objects, 'object')} that nothing needs ({size}{of_snapshots})"
    if found.leftovers:
        yield f"{fmt.plural(found.leftovers, 'half-written file')} ({fmt.size(found.leftover_bytes)})"
    if found.database_bytes:
        yield f"room in the database ({fmt.size(found.database_bytes)})"


def collection_payload(found: Collection) -> dict[str, JsonValue]:
    """Return what was freed, or would be, in numbers; sizes are bytes."""
    return {
        "dry_run": found.is_dry_run,
        "freed_bytes": found.freed_bytes,
        "objects": found.objects,
        "object_bytes": found.object_bytes,
        "leftovers": found.leftovers,
        "leftover_bytes": found.leftover_bytes,
        "snapshots": found.snapshots,
        "young": found.young,
        "young_bytes": found.young_bytes,
        "database_bytes": found.database_bytes,
    }
