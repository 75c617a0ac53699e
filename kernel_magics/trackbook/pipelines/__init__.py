"""Runs notebooks: a run's slice in a fresh kernel. The only place that knows papermill."""
