"""What sets the environment that a run had apart from the one here, and whether that forbids to make it again."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from trackbook.records import Environment, RunDetail, package_key
from trackbook.store.contract import Store

MOST_NAMED = 6
"""How many differences a sentence names."""


class Weight(IntEnum):
    """How much a difference matters, the gravest first.

    PYTHON: another minor version, or another kind of Python. MACHINE: another system or processor. USED: a package that
    the run's code imports. NEEDED: one that these need. OTHER: all the rest.
    """

    PYTHON = 0
    MACHINE = 1
    USED = 2
    NEEDED = 3
    OTHER = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentDifference:
    """Something of an environment that is another one here; `here` is None where it is missing.

    `is_package`: a distribution, else Python itself or the machine.
    """

    name: str
    then: str
    here: str | None
    weight: Weight = Weight.OTHER
    is_package: bool = True

    def __str__(self) -> str:
        return f"{self.name} {self.then} ({f'here {self.here}' if self.here is not None else 'not here'})"


class Policy(StrEnum):
    """What differences mean to a reproduction: STRICT refuses, CHECK says so, IGNORE does not look."""

    STRICT = "strict"
    CHECK = "check"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What a policy makes of differences, which come with the gravest first.

    `is_refused`: the run is not to be made here. `sentence` says what differs; empty if there is nothing to say.
    """

    differences: tuple[EnvironmentDifference, ...] = ()
    is_refused: bool = False
    sentence: str = ""


def environment_of(store: Store, run: RunDetail) -> Environment | None:
    """Return the environment that a run had, None where it was not kept."""
    environment_id = run.run.environment_id
    if environment_id is None:
        sessions = store.sessions(ids=[run.run.session_id])
        environment_id = sessions[0].environment_id if sessions else None
    return store.environment(environment_id) if environment_id is not None else None


def differences(then: Environment, here: Environment, used: Collection[str] = ()) -> tuple[EnvironmentDifference, ...]:
    """Return what of an environment is another one here, the gravest first.

    What is only here does not count: nothing of it was there when the run was made.

    Parameters
    ----------
    used
        The packages that the run's code imports, by name; they and what they need stand before all others.
    """
    own = {package_key(name) for name in used}
    needed = {package_key(name) for name in with_needs(then, own)}
    found = [*_of_python(then, here), *_of_packages(then, here, own, needed)]
    return tuple(sorted(found, key=lambda each: (each.weight, each.name.lower())))


def check_environment(
    then: Environment | None, here: Environment, policy: Policy | str = Policy.CHECK, used: Collection[str] = ()
) -> Findings:
    """Hold the environment here to the one that a run had.

    A run whose environment is not on record is refused by ``strict``, for nobody can tell whether it is the same.

    Raises
    ------
    ValueError
        If the policy is none.
    """
    policy = Policy(policy)
    if policy is Policy.IGNORE:
        return Findings()
    if then is None:
        is_refused = policy is Policy.STRICT
        return Findings(is_refused=is_refused, sentence="The environment that the run had is not on record.")
    found = differences(then, here, used)
    return Findings(differences=found, is_refused=bool(found) and policy is Policy.STRICT, sentence=sentence_of(found))


def sentence_of(found: Collection[EnvironmentDifference], most: int = MOST_NAMED) -> str:
    """Return a sentence such as "2 packages differ here: numpy 1.26.4 (here 2.1.0), scipy 1.11 (not here)"."""
    if not found:
        return ""
    ordered = list(found)
    packages = [each for each in ordered if each.is_package]
    counted = f"{len(packages)} {'package' if len(packages) == 1 else 'packages'}" if packages else ""
    others = [each.name for each in ordered if not each.is_package]
    subject = " and ".join([*others, *([counted] if counted else [])])
    verb = "differs" if len(others) + len(packages) == 1 else "differ"
    more = f" and {len(ordered) - most} more" if len(ordered) > most else ""
    return f"{subject} {verb} here: {', '.join(map(str, ordered[:most]))}{more}"


def with_needs(environment: Environment, names: Iterable[str]) -> list[str]:
    """Return packages and all that they need, by the environment's names, sorted; what it doesn't have is left out."""
    known = {package_key(name): name for name in environment.packages}
    todo = [known[key] for key in map(package_key, names) if key in known]
    found: set[str] = set()
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += [each for each in environment.requires.get(name, ()) if each in environment.packages]
    return sorted(found, key=str.lower)


def same_version(one: str, other: str) -> bool:
    """Return whether two texts are one version: ``1.0``, ``1.0.0`` and ``v1.0`` are (PEP 440)."""
    return one == other or _normal(one) == _normal(other)


def _normal(version: str) -> str:
    plain = re.sub(r"(?<![\w+])0+(?=\d)", "", version.strip().lower().removeprefix("v"))
    return re.sub(r"(?:\.0)+(?=$|[+a-z])", "", plain)


def _of_python(then: Environment, here: Environment) -> Iterator[EnvironmentDifference]:
    if then.implementation != here.implementation:
        yield EnvironmentDifference(
            name="Python", then=_python(then), here=_python(here), weight=Weight.PYTHON, is_package=False
        )
    elif not same_version(then.python, here.python):
        weight = Weight.PYTHON if minor_of(then.python) != minor_of(here.python) else Weight.OTHER
        yield EnvironmentDifference(name="Python", then=then.python, here=here.python, weight=weight, is_package=False)
    for name, one, other in (
        ("system", then.platform.partition("-")[0], here.platform.partition("-")[0]),
        ("processor", then.machine, here.machine),
    ):
        if one.lower() != other.lower():
            yield EnvironmentDifference(name=name, then=one, here=other, weight=Weight.MACHINE, is_package=False)


def _python(environment: Environment) -> str:
    return f"{environment.implementation} {environment.python}"


def minor_of(python: str) -> str:
    """Return ``3.11`` of ``3.11.4``."""
    return ".".join(python.split(".")[:2])


def _of_packages(
    then: Environment, here: Environment, used: Collection[str], needed: Collection[str]
) -> Iterator[EnvironmentDifference]:
    installed: Mapping[str, str] = {package_key(name): version for name, version in here.packages.items()}
    for name, version in then.packages.items():
        key = package_key(name)
        found = installed.get(key)
        if found is None or not same_version(version, found):
            weight = Weight.USED if key in used else Weight.NEEDED if key in needed else Weight.OTHER
            yield EnvironmentDifference(name=name, then=version, here=found, weight=weight)
