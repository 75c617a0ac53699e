"""Every route there is."""

from __future__ import annotations

from trackbook_server.route import Route
from trackbook_server.routes import (
    columns,
    comparing,
    completions,
    datasets,
    groups,
    jobs,
    metrics,
    models,
    notebook,
    objects,
    pipelines,
    reproductions,
    run,
    run_parts,
    runs,
    state,
)
from trackbook_server.routes.document import with_document

ROUTES: tuple[Route, ...] = with_document(
    (
        *state.ROUTES,
        *columns.ROUTES,
        *completions.ROUTES,
        *runs.ROUTES,
        *run.ROUTES,
        *run_parts.ROUTES,
        *metrics.ROUTES,
        *objects.ROUTES,
        *comparing.ROUTES,
        *groups.ROUTES,
        *datasets.ROUTES,
        *models.ROUTES,
        *pipelines.ROUTES,
        *notebook.ROUTES,
        *reproductions.ROUTES,
        *jobs.ROUTES,
    )
)
