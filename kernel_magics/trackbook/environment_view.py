"""The environment that a run had, as a Python object: what ``trackbook.get_run(...).environment`` gives."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from trackbook.capture.environment import local_environment
from trackbook.errors import InvalidValueError, NotFoundError
from trackbook.project import Project
from trackbook.records import Environment, Git, JsonValue, RunDetail
from trackbook.tracking.environment import EnvironmentDifference, differences, environment_of
from trackbook.tracking.environment_files import Format, environment_files
from trackbook.tracking.used_packages import used_packages


class EnvironmentView:
    """Python, packages, machine and git state that a run had, and how they compare with those here."""

    def __init__(self, project: Project, run: RunDetail, record: Environment) -> None:
        self._project = project
        self._run = run
        self.record = record

    @classmethod
    def of(cls, project: Project, run: RunDetail) -> EnvironmentView | None:
        """Return the environment of a run, None where it was not kept."""
        record = environment_of(project.store, run)
        return cls(project, run, record) if record is not None else None

    @property
    def environment_id(self) -> str:
        """The id, which is the same wherever all of it is the same."""
        return self.record.environment_id

    @property
    def python(self) -> str:
        """The version of Python."""
        return self.record.python

    @property
    def implementation(self) -> str:
        """The kind of Python: ``CPython``."""
        return self.record.implementation

    @property
    def platform(self) -> str:
        """The system, in one text."""
        return self.record.platform

    @property
    def machine(self) -> str:
        """The kind of processor: ``x86_64``."""
        return self.record.machine

    @property
    def packages(self) -> Mapping[str, str]:
        """The version of every distribution that was installed, by name."""
        return self.record.packages

    @property
    def origins(self) -> Mapping[str, str]:
        """Where those came from that no index gave: ``git+https://host/name@commit``, ``editable file:///folder``."""
        return self.record.origins

    @property
    def hardware(self) -> Mapping[str, JsonValue]:
        """The machine: CPU, memory, GPUs."""
        return self.record.hardware

    @property
    def git(self) -> Git | None:
        """The state of the working tree, if there was one."""
        return self.record.git

    @cached_property
    def used(self) -> tuple[str, ...]:
        """The packages that the run's code imports, by name."""
        return used_packages(self._project.store, self._run, self.record)

    def differences(self) -> tuple[EnvironmentDifference, ...]:
        """Return what of it is another one here, the gravest first: Python, then packages that the code imports.

        Each has ``name``, ``then``, ``here`` (None where it is missing) and ``weight``. What is only here is left out.
        """
        here = local_environment()
        return differences(self.record, here, self.used) if differences(self.record, here) else ()

    def files(self, form: str = "requirements", *, only_used: bool = False) -> dict[str, str]:
        """Return it as the files of a tool, by name; see `text`."""
        try:
            chosen = Format(form)
        except ValueError:
            names = ", ".join(f"'{each.value}'" for each in Format)
            raise InvalidValueError(f"An environment can't be written as {form!r}. Give one of {names}.") from None
        return environment_files(self.record, chosen, self._run.run, only=self.used if only_used else None)

    def text(self, form: str = "requirements", *, only_used: bool = False) -> str:
        """Return it as a file of a tool.

        Parameters
        ----------
        form
            ``requirements`` for pip, ``uv`` for a ``pyproject.toml``, ``conda`` for an ``environment.yml``,
            ``dockerfile`` for an image that takes the requirements from beside it.
        only_used
            Only the packages that the run's code imports, and what they need; without it all that were installed.

        Raises
        ------
        InvalidValueError
            If there is no such form.
        """
        return next(iter(self.files(form, only_used=only_used).values()))

    def save(
        self, path: str | Path, form: str = "requirements", *, only_used: bool = False, force: bool = False
    ) -> list[Path]:
        """Write it to a file, or into a folder under the name that its tool looks for; return what was written.

        A path that ends with a slash is a folder, made if there is none. A Dockerfile's requirements are written
        beside it.

        Raises
        ------
        InvalidValueError
            If there is such a file already and `force` is False, or it can't be written: nothing is overwritten then.
        """
        files = self.files(form, only_used=only_used)
        first, *others = files
        is_folder = Path(path).is_dir() or str(path).endswith(("/", os.sep))
        target = Path(path) / first if is_folder else Path(path)
        contents = {target: files[first]} | {target.parent / name: files[name] for name in others}
        there = [str(each) for each in contents if each.exists()]
        if there and not force:
            raise InvalidValueError(
                f"There {'is' if len(there) == 1 else 'are'} {' and '.join(there)} already. "
                "Give another place, or overwrite with --force (force=True)."
            )
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            for place, text in contents.items():
                place.write_text(text, encoding="utf-8")
        except OSError as error:
            raise InvalidValueError(f"{target} can't be written: {error.strerror}. Give another place.") from None
        return list(contents)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EnvironmentView) and other.record == self.record

    def __hash__(self) -> int:
        return hash(self.environment_id)

    def __repr__(self) -> str:
        return f"<Environment of {self._run.run.name}: Python {self.python}, {len(self.packages)} packages>"


def environment_of_run(project: Project, run: RunDetail) -> EnvironmentView:
    """Return the environment that a run had.

    Raises
    ------
    NotFoundError
        If it was not kept.
    """
    found = EnvironmentView.of(project, run)
    if found is None:
        raise NotFoundError(f"The environment that run '{run.run.name}' had is not on record.")
    return found
