"""Pipelines: the file that describes one, what depends on what, and what has to run again."""
