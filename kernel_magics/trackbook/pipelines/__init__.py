"""Runs notebooks: steps, pipelines and sweeps of them, and reproductions. The only place that knows papermill."""
