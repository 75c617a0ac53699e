"""What is said of a pipeline with nothing to do; alone here, for nothing else that is shown has to be loaded then."""

from __future__ import annotations

from trackbook.display import format as fmt
from trackbook.pipelines.running.progress import PipelineOutcome


def nothing_text(outcome: PipelineOutcome) -> str:
    """Return what is to be said where nothing had to run."""
    asked = [step for step in outcome.steps if step.is_asked]
    those = "the step is" if len(asked) == 1 else f"all {len(asked)} steps are"
    return f"✓ {fmt.one_line(outcome.name)}: nothing to do, {those} up to date."
