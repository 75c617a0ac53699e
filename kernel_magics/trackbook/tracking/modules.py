"""Which modules of the project's own flowed into runs: by the statements upstream, kept by content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from trackbook.capture.events import Event
from trackbook.capture.modules import OwnModule, OwnModules, mentioned_names
from trackbook.records import ModuleUse, Source
from trackbook.tracking.changes import RunDraft
from trackbook.tracking.staleness import HiddenState

_EARLIER = "before it was loaded again"


class ModuleUses:
    """The own modules of a session's runs.

    Parameters
    ----------
    notebook
        The notebook's file, if there is one.
    variables
        The namespace.
    behind
        What knows the session's statements.
    put_object
        Keeps bytes, returns their digest.
    """

    def __init__(
        self,
        notebook: Path | None,
        variables: Mapping[str, object],
        behind: HiddenState,
        put_object: Callable[[bytes], str],
    ) -> None:
        self.own = OwnModules(notebook)
        self._variables = variables
        self._behind = behind
        self._put_object = put_object
        self._kept: dict[str, dict[str, bytes]] = {}
        self._seen: dict[Source, list[OwnModule]] = {}

    def begin(self, source: str) -> None:
        """A cell is about to run: what its scripts are now is what it runs."""
        self._seen = {}
        self.own.executing_scripts(source)

    def add_to_code(self, event: Event) -> None:
        """Let an event's code differ where that of the modules does that flowed into it."""
        if event.source is None:
            return
        if event.source not in self._seen:  # one statement has many events, in a loop
            self._seen[event.source] = self._used([event.source])
        modules = self._seen[event.source]
        if modules:
            content = b"\x00".join([event.code.encode(), *(module.content for module in modules)])
            event.code = hashlib.blake2b(content, digest_size=16).hexdigest()

    def add_to_run(self, draft: RunDraft) -> None:
        """Keep the modules that flowed into what happened of a run now; one that it has is kept as it was first."""
        known = self._kept.setdefault(draft.run_id, {})
        for module in self._used(draft.places):
            name = module.name
            if known.get(name, module.content) != module.content and module.content not in known.values():
                name = f"{name} ({_EARLIER})"
            if name not in known:
                known[name] = module.content
                digest = self._put_object(module.content)
                draft.modules.append(ModuleUse(name=name, path=module.path, digest=digest, size=len(module.content)))

    def _used(self, places: Iterable[Source]) -> list[OwnModule]:
        """Return the modules behind some statements; of one that was loaded again between them, the latest first."""
        found: dict[tuple[str, bytes], OwnModule] = {}
        for source, text in self._behind.statements_behind(places):
            values = [self._variables[name] for name in mentioned_names(text) if name in self._variables]
            for module in self.own.used(text, values, self._behind.ended_at(source.execution_id)):
                found.setdefault((module.name, module.content), module)
        return sorted(found.values(), key=lambda module: (module.name, -module.since))
