from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from trackbook.errors import NotFoundError
from trackbook.pipelines.reproducing.kernel import KeptModules
from trackbook.pipelines.reproducing.scratch import ChangedFile, Scratch
from trackbook.records import FileRead, ModuleUse


class Objects(dict[str, bytes]):
    """Kept objects by digest."""

    def put(self, content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        self[digest] = content
        return digest

    def read(self, digest: str) -> bytes:
        if digest not in self:
            raise NotFoundError(f"No object {digest}. Run verify.")
        return self[digest]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    home = tmp_path / "home"
    (home / "data" / "raw").mkdir(parents=True)
    (home / ".venv" / "lib").mkdir(parents=True)
    (home / "in.csv").write_text("a\n1\n")
    return home


def read_of(path: Path, content: bytes) -> FileRead:
    return FileRead(path=str(path), size=len(content), digest=hashlib.sha256(content).hexdigest())


def test_folders_are_there_and_empty_those_of_tools_are_not(home: Path) -> None:
    with Scratch(home) as scratch:
        assert (scratch.folder / "data" / "raw").is_dir()
        assert not (scratch.folder / ".venv").exists()
        assert [*scratch.folder.rglob("*.csv")] == []


def test_it_is_gone_at_the_end(home: Path) -> None:
    with Scratch(home) as scratch:
        (scratch.folder / "x").write_text("x")

    assert not scratch.path.exists()


def test_file_that_is_the_same_is_copied(home: Path) -> None:
    with Scratch(home) as scratch:
        lost = scratch.add_files([read_of(home / "in.csv", b"a\n1\n")], Objects().read)

        assert (lost, scratch.replaced) == ([], [])
        assert (scratch.folder / "in.csv").read_text() == "a\n1\n"
        assert not (scratch.folder / "in.csv").is_symlink()


def test_file_that_changed_comes_from_what_is_kept(home: Path) -> None:
    objects = Objects()
    objects.put(b"a\n7\n")

    with Scratch(home) as scratch:
        lost = scratch.add_files([read_of(home / "in.csv", b"a\n7\n")], objects.read)

        assert (lost, scratch.replaced) == ([], [str(home / "in.csv")])
        assert (scratch.folder / "in.csv").read_text() == "a\n7\n"


def test_file_that_changed_and_is_not_kept_is_lost(home: Path) -> None:
    files = [read_of(home / "in.csv", b"other"), read_of(home / "gone.csv", b"other")]

    with Scratch(home) as scratch:
        lost = scratch.add_files(files, Objects().read)

    assert lost == [
        ChangedFile(path=str(home / "in.csv"), is_gone=False),
        ChangedFile(path=str(home / "gone.csv"), is_gone=True),
    ]


def test_object_with_another_content_than_the_file_had_is_not_taken_for_it(home: Path) -> None:
    objects = Objects()
    file = FileRead(path=str(home / "gone.csv"), digest="0" * 64, object_digest=objects.put(b"something else"))

    with Scratch(home) as scratch:
        assert scratch.add_files([file], objects.read)


def test_file_from_above_the_working_folder_is_found_by_the_same_path(home: Path) -> None:
    (home.parent / "shared.csv").write_text("x")

    with Scratch(home) as scratch:
        scratch.add_files([read_of(home.parent / "shared.csv", b"x")], Objects().read)

        assert Path(os.path.normpath(scratch.folder / "../shared.csv")).read_text() == "x"


def test_named_file_is_there_for_libraries_in_c_but_not_what_the_slice_makes(home: Path) -> None:
    (home / "data" / "t.parquet").write_bytes(b"p")
    (home / "made.csv").write_text("m")

    with Scratch(home) as scratch:
        scratch.add_named(["data/t.parquet", "made.csv", "a\nb", "C" * 400, "/etc/passwd"], {str(home / "made.csv")})

        assert (scratch.folder / "data" / "t.parquet").read_bytes() == b"p"
        assert not (scratch.folder / "made.csv").exists()


def test_modules_are_as_they_were_kept_and_found_before_all_others(home: Path) -> None:
    objects = Objects()
    (home / "features.py").write_text("RATE = 2\n")
    use = ModuleUse(name="features", path="features.py", digest=objects.put(b"RATE = 1\n"), size=9)
    older = ModuleUse(name="features (before it was loaded again)", path="features.py", digest=use.digest, size=9)

    with Scratch(home) as scratch:
        files = scratch.add_modules([use, older], objects.read)
        spec = KeptModules(files).find_spec("features")

        assert [*files] == ["features"]
        assert spec is not None
        assert spec.origin == str(scratch.folder / "features.py")
        assert (scratch.folder / "features.py").read_text() == "RATE = 1\n"
    assert KeptModules(files).find_spec("json") is None


def test_module_whose_credentials_were_taken_out_is_the_file_itself(home: Path) -> None:
    from trackbook.capture.secrets import redact

    text = 'API_KEY = "sk_live_4eC39HqLyjWDarjtT1zdp7dcVx2Qm8Rt"\nRATE = 1\n'
    (home / "config.py").write_text(text)
    objects = Objects()
    kept = redact(text).encode()
    use = ModuleUse(name="config", path="config.py", digest=objects.put(kept), size=len(kept))

    with Scratch(home) as scratch:
        scratch.add_modules([use], objects.read)

        assert kept != text.encode()
        assert (scratch.folder / "config.py").read_text() == text


def test_package_is_found_with_its_folder(home: Path) -> None:
    objects = Objects()
    uses = [
        ModuleUse(name="pkg", path="src/pkg/__init__.py", digest=objects.put(b""), size=0),
        ModuleUse(name="pkg.part", path="src/pkg/part.py", digest=objects.put(b"X = 1"), size=5),
    ]

    with Scratch(home) as scratch:
        finder = KeptModules(scratch.add_modules(uses, objects.read))
        spec = finder.find_spec("pkg")

    assert spec is not None
    assert spec.submodule_search_locations == [str(scratch.folder / "src" / "pkg")]
