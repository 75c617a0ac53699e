"""The environment that a run had, written such that tools make it again: pip, uv, conda, Docker.

Only what can be installed from where others can reach it stands as a requirement; the rest is told in comments.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from trackbook.records import Environment, Run, package_key
from trackbook.tracking.environment import minor_of, with_needs

_NO_PACKAGE = frozenset({"pip", "pkg-resources"})
"""What brings packages: it is there already. Debian's and Ubuntu's broken ``pkg-resources`` is none."""
_TORCH = frozenset({"torch", "torchvision", "torchaudio", "torchtext"})
_TORCH_BUILD = re.compile(r"(?:cpu|cu\d+|rocm[\d.]+|xpu)")
_TORCH_INDEX = "https://download.pytorch.org/whl/"
_REMOTE = ("http://", "https://", "ssh://", "git://")
_SYSTEMS = {"linux": "linux", "macos": "darwin", "darwin": "darwin", "windows": "win32"}
_WIDTH = 100


class Format(StrEnum):
    """How an environment is written; each has a file name that its tool looks for."""

    REQUIREMENTS = "requirements"
    UV = "uv"
    CONDA = "conda"
    DOCKERFILE = "dockerfile"

    @property
    def file_name(self) -> str:
        """The name that its tool looks for."""
        return {"uv": "pyproject.toml", "conda": "environment.yml", "dockerfile": "Dockerfile"}.get(
            self.value, "requirements.txt"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pins:
    """An environment's packages as requirements, sorted, and what is none of them, as remarks.

    `indexes` are the places beside PyPI that some come from, with these; `needs_git`: one is got by git.
    """

    lines: tuple[str, ...]
    remarks: tuple[str, ...] = ()
    indexes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    needs_git: bool = False


def environment_files(
    environment: Environment, form: Format | str, run: Run, *, only: Collection[str] | None = None
) -> dict[str, str]:
    """Return an environment as the files of a tool, by name; the first is the one that the tool is given.

    Parameters
    ----------
    run
        Whose environment it was; the files say so.
    only
        The packages to have, with all that they need; None: all that were installed.

    Raises
    ------
    ValueError
        If the format is none.
    """
    form, pins = Format(form), pins_of(environment, only)
    head = _head(environment, run, only, pins)
    requirements = requirements_text(pins, head)
    match form:
        case Format.REQUIREMENTS:
            return {form.file_name: requirements}
        case Format.UV:
            return {form.file_name: _uv(environment, run, pins, head)}
        case Format.CONDA:
            return {form.file_name: _conda(environment, run, pins, head)}
    return {
        form.file_name: _dockerfile(environment, pins, head),
        Format.REQUIREMENTS.file_name: requirements,
    }


def pins_of(environment: Environment, only: Collection[str] | None = None) -> Pins:
    """Return an environment's packages as requirements."""
    names = with_needs(environment, only) if only is not None else sorted(environment.packages, key=package_key)
    lines: list[str] = []
    remarks: list[str] = []
    indexes: dict[str, tuple[str, ...]] = {}
    for name in names:
        if package_key(name) in _NO_PACKAGE:
            continue
        version, origin = environment.packages[name], environment.origins.get(name)
        line, remark = _pin(name, version, origin)
        lines += [line] if line else []
        remarks += [remark] if remark else []
        build = version.partition("+")[2]
        if line and package_key(name) in _TORCH and _TORCH_BUILD.fullmatch(build):
            indexes[build] = (*indexes.get(build, ()), name)
    return Pins(
        lines=tuple(lines),
        remarks=tuple(remarks),
        indexes={f"{_TORCH_INDEX}{build}": own for build, own in indexes.items()},
        needs_git=any("git+" in line for line in lines),
    )


def _pin(name: str, version: str, origin: str | None) -> tuple[str | None, str | None]:
    """Return a package's requirement, or what is known of one that nobody else can install."""
    if origin is not None:
        scheme = origin.partition("+")[2] or origin if not origin.startswith("editable ") else ""
        if scheme.startswith(_REMOTE):
            return f"{name} @ {origin}", None
        how = "as an editable install of" if origin.startswith("editable ") else "from"
        return None, f"{name} {version} was installed {how} {origin.removeprefix('editable ')}: install it yourself"
    public, _, build = version.partition("+")
    if not public:
        return None, f"{name} is of no known version: install it yourself"
    if build and not (package_key(name) in _TORCH and _TORCH_BUILD.fullmatch(build)):
        return f"{name}=={public}", f"{name} was the build {version}, which PyPI doesn't have; {public} stands here"
    return f"{name}=={version}", None


def requirements_text(pins: Pins, head: Sequence[str]) -> str:
    """Return requirements for ``pip install -r`` and ``uv pip install -r``."""
    indexes = [f"--extra-index-url {index}" for index in pins.indexes]
    return "\n".join([*_comments(head), *_comments(pins.remarks), *indexes, *pins.lines]) + "\n"


def _head(environment: Environment, run: Run, only: Collection[str] | None, pins: Pins) -> list[str]:
    scope = "the packages that its code imports, and what they need" if only is not None else "all its packages"
    when = run.started_at.strftime("%Y-%m-%d")
    found = [
        f"The environment of run {_plain(run.name)} ({run.run_id[:8]}, {when}): {scope}.",
        f"{environment.implementation} {environment.python} on {environment.platform}.",
    ]
    if only is not None and not environment.requires and pins.lines:
        found.append("What these packages need was not on record then: their installer chooses it.")
    return found


def _uv(environment: Environment, run: Run, pins: Pins, head: Sequence[str]) -> str:
    system = _SYSTEMS.get(environment.platform.partition("-")[0].lower())
    sections = [
        *_comments(head),
        *_comments(pins.remarks),
        *_comments([f"uv sync --python {_release(environment.python)}"]),
        "[project]",
        f"name = {json.dumps(_slug(run.name))}",
        'version = "0"',
        f'requires-python = "{_pythons(environment.python)}"',
        "dependencies = [",
        *(f"    {json.dumps(line)}," for line in pins.lines),
        "]",
        "",
        "[tool.uv]",
        "package = false",
        *([f"environments = [\"sys_platform == '{system}'\"]"] if system else []),
    ]
    sources = []
    for index, names in pins.indexes.items():
        label = _slug(index.removeprefix("https://"))
        sections += ["", "[[tool.uv.index]]", f'name = "{label}"', f"url = {json.dumps(index)}", "explicit = true"]
        sources += [f'{package_key(name)} = {{ index = "{label}" }}' for name in names]
    if sources:
        sections += ["", "[tool.uv.sources]", *sources]
    return "\n".join(sections) + "\n"


def _conda(environment: Environment, run: Run, pins: Pins, head: Sequence[str]) -> str:
    """Return what ``conda env create -f`` takes: Python from conda, and the very packages from where they came."""
    extra = [f"--extra-index-url {index}" for index in pins.indexes]
    packages = [f"      - {json.dumps(line) if ' ' in line else line}" for line in (*extra, *pins.lines)]
    lines = [
        *_comments(head),
        *_comments(pins.remarks),
        f"name: {_slug(run.name)}",
        "channels:",
        "  - conda-forge",
        "dependencies:",
        f"  - python={_release(environment.python)}",
        "  - pip",
        *(["  - git"] if pins.needs_git else []),
        *(["  - pip:", *packages] if packages else []),
    ]
    return "\n".join(lines) + "\n"


def _dockerfile(environment: Environment, pins: Pins, head: Sequence[str]) -> str:
    image = "pypy" if environment.implementation == "PyPy" else "python"
    git = "RUN apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/*"
    lines = [
        *_comments(head),
        *_comments([f"It takes {Format.REQUIREMENTS.file_name} from beside it: --format requirements writes that."]),
        f"FROM {image}:{_image_version(environment)}-slim",
        *([git] if pins.needs_git else []),
        "RUN useradd --create-home person",
        "WORKDIR /home/person/work",
        f"COPY {Format.REQUIREMENTS.file_name} ./",
        f"RUN pip install --no-cache-dir -r {Format.REQUIREMENTS.file_name}",
        "USER person",
        'CMD ["python"]',
    ]
    return "\n".join(lines) + "\n"


def _image_version(environment: Environment) -> str:
    # images of PyPy go by the version of Python that it speaks
    return minor_of(environment.python) if environment.implementation == "PyPy" else _release(environment.python)


def _release(python: str) -> str:
    """Return a version of Python without what a build of one's own adds: ``3.14.0`` of ``3.14.0+``."""
    return python.rstrip("+").partition("+")[0]


def _pythons(python: str) -> str:
    """Return the versions of Python from one to the end of its minor: what was pinned need not run on older ones."""
    major, minor = minor_of(python).split(".")
    return f">={_release(python)},<{major}.{int(minor) + 1}"


def _comments(sentences: Sequence[str]) -> Iterator[str]:
    for sentence in sentences:
        yield from (f"# {line}" for line in textwrap.wrap(_plain(sentence), _WIDTH, break_long_words=False))


def _plain(text: str) -> str:
    """Return a text on one line."""
    return " ".join(text.split())


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "run"
