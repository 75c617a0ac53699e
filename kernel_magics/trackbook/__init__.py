"""Trackbook: any Jupyter notebook as a tracked, reproducible, promotable experiment."""

from trackbook._version import __version__

__all__ = ["__version__"]
