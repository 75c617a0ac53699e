"""Rows of sessions and of what they ran on."""

from __future__ import annotations

from typing import Any

from trackbook.clock import microseconds, moment
from trackbook.records import Environment, Git, JsonValue, Process, Session
from trackbook.store.sql.rows.parts import Row, Stored, microseconds_of, moment_of
from trackbook.store.sql.values import json_dict, json_mapping


def session_row(session: Session) -> Row:
    """Return the row of a session."""
    process = session.process
    return {
        "session_id": session.session_id,
        "experiment": session.experiment,
        "started_at": microseconds(session.started_at),
        "lease_expires_at": microseconds(session.lease_expires_at),
        "ended_at": microseconds_of(session.ended_at),
        "host": process.host,
        "boot": process.boot,
        "pid": process.pid,
        "process_started": process.started,
        "user": session.user,
        "notebook": session.notebook,
        "kernel_id": session.kernel_id,
        "environment_id": session.environment_id,
        "parent_run_id": session.parent_run_id,
        "folder": session.folder,
    }


def session_of(row: Stored) -> Session:
    """Return the session of a row."""
    return Session(
        session_id=row.session_id,
        experiment=row.experiment,
        started_at=moment(row.started_at),
        lease_expires_at=moment(row.lease_expires_at),
        ended_at=moment_of(row.ended_at),
        process=Process(host=row.host, boot=row.boot, pid=row.pid, started=row.process_started),
        user=row.user,
        notebook=row.notebook,
        kernel_id=row.kernel_id,
        environment_id=row.environment_id,
        parent_run_id=row.parent_run_id,
        folder=row.folder,
    )


def environment_row(environment: Environment) -> Row:
    """Return the row of an environment."""
    git = environment.git
    return {
        "environment_id": environment.environment_id,
        "python": environment.python,
        "implementation": environment.implementation,
        "platform": environment.platform,
        "machine": environment.machine,
        "packages": json_mapping(_packages(environment)),
        "hardware": json_mapping(environment.hardware),
        "git_commit": git and git.commit,
        "git_branch": git and git.branch,
        "git_is_dirty": git and git.is_dirty,
        "git_patch": git and git.patch,
        "git_remote": git and git.remote,
    }


def _packages(environment: Environment) -> dict[str, JsonValue]:
    """Return what the column of packages holds: the version, with origin and needs where something is known of them."""
    origins, requires = environment.origins, environment.requires
    return {
        name: [version, origins.get(name), list(requires.get(name, ()))]
        if name in origins or requires.get(name)
        else version
        for name, version in environment.packages.items()
    }


def environment_of(row: Stored) -> Environment:
    """Return the environment of a row."""
    git = None
    if row.git_commit is not None:
        git = Git(
            commit=row.git_commit,
            branch=row.git_branch,
            is_dirty=bool(row.git_is_dirty),
            patch=row.git_patch,
            remote=row.git_remote,
        )
    packages: dict[str, Any] = json_dict(row.packages)
    whole = {name: value for name, value in packages.items() if isinstance(value, list)}
    return Environment(
        environment_id=row.environment_id,
        python=row.python,
        implementation=row.implementation,
        platform=row.platform,
        machine=row.machine,
        packages={name: str(value[0] if isinstance(value, list) else value) for name, value in packages.items()},
        origins={name: str(origin) for name, (_, origin, _) in whole.items() if origin is not None},
        requires={
            name: tuple(map(str, needed)) for name, (*_, needed) in whole.items() if isinstance(needed, list) and needed
        },
        hardware=json_dict(row.hardware),
        git=git,
    )
