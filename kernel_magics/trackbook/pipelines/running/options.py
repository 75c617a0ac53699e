"""What a person asked of a pipeline, kept with its run so that it can go on later as it was meant."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

from trackbook.errors import InvalidValueError
from trackbook.records import JsonValue

EXECUTORS = ("local", "dask")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """Which steps, with which params, and on what.

    Attributes
    ----------
    only, start, force
        As for the plan: these alone; this one and what comes after it; these whatever the plan would say.
    params
        By step, over those of the file.
    jobs
        How many steps at once; None: as many as there are cores.
    executor, address
        ``local``, or ``dask`` with the address of its scheduler.

    Raises
    ------
    InvalidValueError
        If there is no such executor, or an address where none is wanted, or none where one is.
    """

    only: tuple[str, ...] = ()
    start: str | None = None
    force: tuple[str, ...] = ()
    params: Mapping[str, Mapping[str, JsonValue]] = field(default_factory=dict)
    jobs: int | None = None
    executor: str = "local"
    address: str | None = None

    def __post_init__(self) -> None:
        if self.executor not in EXECUTORS:
            raise InvalidValueError(f"There is no executor '{self.executor}'. There are: {', '.join(EXECUTORS)}.")
        if self.executor == "dask" and self.address is None:
            raise InvalidValueError("Where is the cluster? Give its scheduler: --address tcp://host:8786.")
        if self.executor == "local" and self.address is not None:
            raise InvalidValueError(f"Nothing here runs at {self.address}. For a cluster add --executor dask.")

    def at(self, executor: str | None, address: str | None) -> RunOptions:
        """Return them for another executor; what is None stays, but an address that nothing would use any more.

        Raises
        ------
        InvalidValueError
            If executor and address do not fit.
        """
        executor = executor or self.executor
        return replace(self, executor=executor, address=address or (self.address if executor == "dask" else None))

    def to_text(self) -> str:
        """Return them as one line of JSON; what looks like a credential is left out, and named."""
        from trackbook.capture.secrets import redact_value

        kept: dict[str, dict[str, JsonValue]] = {
            step: {name: value for name, value in values.items() if redact_value(name, value) == value}
            for step, values in self.params.items()
        }
        withheld = [f"{step}.{name}" for step, values in self.params.items() for name in values.keys() - kept[step]]
        return json.dumps({**asdict(self), "params": kept, "withheld": withheld})


def options_of(text: str) -> RunOptions:
    """Return what `RunOptions.to_text` wrote down.

    Raises
    ------
    InvalidValueError
        If a param was left out of it.
    """
    found = json.loads(text)
    if found["withheld"]:
        again = " ".join(f"-p {name}=..." for name in found["withheld"])
        raise InvalidValueError(
            f"{', '.join(found['withheld'])} looked like a credential and was not kept, so this can't be resumed as "
            f"it was. Run it again with {again}; what succeeded is not run again."
        )
    return RunOptions(
        only=tuple(found["only"]),
        start=found["start"],
        force=tuple(found["force"]),
        params=found["params"],
        jobs=found["jobs"],
        executor=found["executor"],
        address=found["address"],
    )
