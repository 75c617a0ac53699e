"""The content of tables: what a snapshot is made of, and the only place that knows Parquet and Arrow.

A table is taken apart into Arrow arrays; each is written as a Parquet file whose pages begin where the values say so;
the file is cut at its pages into objects that are addressed by their content. A **manifest**, an object too, lists the
pieces and says how the very same table is made of them. Nothing is pickled, and reading runs no code.

Import it late: it loads pyarrow and pandas.
"""

from trackbook.store.tables.differences import diff
from trackbook.store.tables.errors import UnfitError
from trackbook.store.tables.keys import restore_key
from trackbook.store.tables.manifest import read_manifest
from trackbook.store.tables.profiling import profile, read_profile, write_profile
from trackbook.store.tables.reading import read
from trackbook.store.tables.verifying import pieces, verify
from trackbook.store.tables.writing import Written, refusal, write

__all__ = [
    "UnfitError",
    "Written",
    "diff",
    "pieces",
    "profile",
    "read",
    "read_manifest",
    "read_profile",
    "refusal",
    "restore_key",
    "verify",
    "write",
    "write_profile",
]
