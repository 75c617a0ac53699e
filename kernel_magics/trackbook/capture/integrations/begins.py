"""Tasks of an event loop and calls handed to a pool's threads: where they are begun."""

from __future__ import annotations

from types import FrameType, ModuleType

from trackbook.capture.hooks import Hooks


class BeginsIntegration:
    """Notes where the notebook begins what runs elsewhere: its calls have no frame of the cell on their stack."""

    modules: tuple[str, ...] = ("asyncio.base_events", "concurrent.futures.thread")

    def attach(self, module: ModuleType, hooks: Hooks) -> None:
        """Watch what all tasks of asyncio's loops, or all calls for threads of a pool, are made by."""
        self._observer = hooks.observer
        if module.__name__ == "asyncio.base_events":
            hooks.watch_often(module.BaseEventLoop.create_task, hooks.guarded(self._has_task))
        else:
            hooks.observer.begun.watch_run(module._WorkItem.run.__code__)
            hooks.watch_often(module._WorkItem.__init__, hooks.guarded(self._has_work))

    def _has_task(self, frame: FrameType) -> None:
        self._observer.add_begun(frame, frame.f_locals.get("coro"))

    def _has_work(self, frame: FrameType) -> None:
        self._observer.add_begun(frame, frame.f_locals.get("self"))
