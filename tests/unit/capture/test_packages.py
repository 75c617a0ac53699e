"""Distributions are found with their versions, their origins and what they need."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from trackbook.capture.packages import installed, installed_versions
from trackbook.records import package_key

Plant = Callable[..., None]


@pytest.fixture
def plant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plant:
    """Install distributions of nothing but metadata, before all others."""
    site = tmp_path / "site-packages"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))

    def one(name: str, version: str, *requires: str, url: object = None, installer: str = "pip") -> None:
        folder = site / f"{name.replace('-', '_')}-{version}.dist-info"
        folder.mkdir()
        needs = "".join(f"Requires-Dist: {each}\n" for each in requires)
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}")
        (folder / "INSTALLER").write_text(f"{installer}\n")
        if url is not None:
            (folder / "direct_url.json").write_text(url if isinstance(url, str) else json.dumps(url))

    return one


def test_quick_look_finds_what_the_thorough_one_does() -> None:
    thorough = installed().versions

    quick = installed_versions()

    assert quick == {package_key(name): version for name, version in thorough.items()}


def test_planted_version_hides_the_one_behind_it(plant: Plant) -> None:
    plant("numpy", "0.0.7")

    found, quick = installed(), installed_versions()

    assert found.versions["numpy"] == "0.0.7"
    assert quick["numpy"] == "0.0.7"


def test_origins_of_what_no_index_gave_are_told(plant: Plant) -> None:
    git = {"vcs": "git", "commit_id": "abc123", "requested_revision": "main"}
    plant("from-git", "1", url={"url": "https://me:secret@host/x/y", "vcs_info": git, "subdirectory": "part"})
    plant("mine", "1", url={"url": "file:///home/me/mine", "dir_info": {"editable": True}})
    plant("wheel", "1", url={"url": "https://host/wheel-1.whl", "archive_info": {}})
    plant("conda-built", "1", url={"url": "file:///croot/x"}, installer="conda")
    plant("broken", "1", url="{")
    plant("listed", "1")

    found = installed().origins

    assert found["from-git"] == "git+https://host/x/y@abc123#subdirectory=part"
    assert found["mine"] == "editable file:///home/me/mine"
    assert found["wheel"] == "https://host/wheel-1.whl"
    assert not {"conda-built", "broken", "listed"} & found.keys()


def test_needs_name_installed_distributions_and_those_of_extras_that_are_asked_for(plant: Plant) -> None:
    plant("Top-Level", "1", "mid[fast] >=2 ; python_version > '3'", "absent", "unasked ; extra == 'all'")
    plant("mid", "2", "speed ; extra == 'fast'", "toy ; extra == 'toys'", "base (>=1)")
    for name in ("speed", "toy", "base", "unasked"):
        plant(name, "1")

    found = installed().requires

    assert found["Top-Level"] == ("mid", "speed")
    assert found["mid"] == ("base",)
    assert "base" not in found


def test_description_is_no_part_of_what_a_distribution_says_of_itself(plant: Plant, tmp_path: Path) -> None:
    plant("told", "1", "base")
    plant("base", "1")
    plant("other", "1")
    with open(tmp_path / "site-packages" / "told-1.dist-info" / "METADATA", "a") as file:
        file.write("\nHow to depend on it:\n\nName: liar\nVersion: 2\nRequires-Dist: other\n")

    found = installed()

    assert found.requires["told"] == ("base",)
    assert found.versions["told"] == "1"


def test_header_over_several_lines_is_one(plant: Plant, tmp_path: Path) -> None:
    plant("folded", "1")
    plant("base", "1")
    with open(tmp_path / "site-packages" / "folded-1.dist-info" / "METADATA", "a") as file:
        file.write("Requires-Dist:\n  base (>=1)\nLicense: Mine\n\t|Version: 3\n\n")

    found = installed()

    assert (found.versions["folded"], found.requires["folded"]) == ("1", ("base",))
