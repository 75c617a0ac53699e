"""Every route there is."""

from __future__ import annotations

from trackbook_server.route import Route
from trackbook_server.routes import columns, completions, datasets, models, notebook, pipelines, run, runs, state

ROUTES: tuple[Route, ...] = (
    *state.ROUTES,
    *columns.ROUTES,
    *completions.ROUTES,
    *runs.ROUTES,
    *run.ROUTES,
    *datasets.ROUTES,
    *models.ROUTES,
    *pipelines.ROUTES,
    *notebook.ROUTES,
)
