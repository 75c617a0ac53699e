"""Where it is kept: the only place that knows SQL, objects and paths."""

from trackbook.store.contract import Batch, RunChange, RunFilter, Store, Usage
from trackbook.store.location import find_store, open_store
from trackbook.store.memory import MemoryStore

__all__ = ["Batch", "MemoryStore", "RunChange", "RunFilter", "Store", "Usage", "find_store", "open_store"]
