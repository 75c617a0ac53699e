from __future__ import annotations

import hashlib
import os
from pathlib import Path
from threading import Thread

import pytest
from trackbook.errors import NotFoundError, StoreError
from trackbook.store import packing
from trackbook.store.objects import FolderObjects, Objects, open_objects


@pytest.fixture(params=["folder", "file url", "fsspec"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Objects:
    places = {"folder": str(tmp_path), "file url": f"file://{tmp_path}", "fsspec": f"memory://{tmp_path}"}
    return open_objects(places[request.param])


@pytest.mark.parametrize("content", [b"", b"x", bytes(range(256)) * 5000])
def test_content_comes_back_from_every_kind_of_place(objects: Objects, content: bytes) -> None:
    digest = objects.put(content)

    assert objects.put(content) == digest
    assert objects.get(digest) == content


TEXT = b"".join(b"%d,%d,some words\n" % (number, number % 7) for number in range(5_000))
NOISE = os.urandom(200_000)


def size_of(objects: Objects, digest: str) -> int:
    (age,) = (objects.age(entry) for entry in objects.entries() if entry.digest == digest)
    assert age is not None
    return age.size


def test_content_is_kept_compressed_where_that_helps(objects: Objects) -> None:
    text, noise = objects.add(TEXT, packs=True), objects.add(NOISE, packs=True)

    assert size_of(objects, text.digest) == text.size < len(TEXT) / 2
    assert size_of(objects, noise.digest) == noise.size == len(NOISE)
    assert text.digest == hashlib.sha256(TEXT).hexdigest()
    assert (objects.get(text.digest), objects.get(noise.digest)) == (TEXT, NOISE)
    assert objects.add(TEXT) == (text.digest, False, text.size)


def test_content_that_was_kept_as_it_is_stays_so(objects: Objects) -> None:
    digest = objects.add(TEXT).digest

    assert objects.add(TEXT, packs=True) == (digest, False, len(TEXT))
    assert objects.get(digest) == TEXT


def test_content_that_looks_compressed_is_given_back_as_it_was(objects: Objects) -> None:
    packed = packing.packed(TEXT)
    assert packed is not None

    assert objects.get(objects.put(packed)) == packed


@pytest.mark.parametrize("at", [0, 20, 500, -1])
def test_compressed_object_that_is_spoilt_is_never_given_out(tmp_path: Path, at: int) -> None:
    objects = FolderObjects(tmp_path)
    digest = objects.add(TEXT, packs=True).digest
    content = bytearray(path_of(tmp_path, digest).read_bytes())
    content[at] ^= 1
    path_of(tmp_path, digest).write_bytes(content)

    with pytest.raises(NotFoundError, match="is spoilt"):
        objects.get(digest)


def test_compressed_object_that_ends_too_early_is_written_again(tmp_path: Path) -> None:
    objects = FolderObjects(tmp_path)
    digest, _, size = objects.add(TEXT, packs=True)
    os.truncate(path_of(tmp_path, digest), size - 1)

    assert objects.add(TEXT, packs=True) == (digest, True, size)
    assert objects.get(digest) == TEXT


def test_missing_object_is_not_found_in_every_kind_of_place(objects: Objects) -> None:
    with pytest.raises(NotFoundError, match="no object ffffffffffff"):
        objects.get("f" * 64)


def path_of(folder: Path, digest: str) -> Path:
    return folder / digest[:2] / digest[2:]


def test_folder_holds_nothing_but_whole_objects(tmp_path: Path) -> None:
    digest = FolderObjects(tmp_path).put(b"content")

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [path_of(tmp_path, digest)]


def test_same_bytes_again_are_not_written_again(tmp_path: Path) -> None:
    objects = FolderObjects(tmp_path)
    before = path_of(tmp_path, objects.put(b"content")).stat()

    after = path_of(tmp_path, objects.put(b"content")).stat()

    assert before.st_ino == after.st_ino  # a file written anew is another one
    assert before.st_mtime_ns <= after.st_mtime_ns


def test_spoilt_object_is_never_given_out(tmp_path: Path) -> None:
    digest = FolderObjects(tmp_path).put(b"content")
    path_of(tmp_path, digest).write_bytes(b"contend")

    with pytest.raises(NotFoundError, match="spoilt"):
        FolderObjects(tmp_path).get(digest)


def test_torn_object_is_mended_by_the_next_put(tmp_path: Path) -> None:
    digest = FolderObjects(tmp_path).put(b"content")
    path_of(tmp_path, digest).write_bytes(b"cont")

    FolderObjects(tmp_path).put(b"content")

    assert FolderObjects(tmp_path).get(digest) == b"content"


def test_threads_put_the_same_object_at_once(tmp_path: Path) -> None:
    objects, content = FolderObjects(tmp_path), b"content" * 100_000
    threads = [Thread(target=objects.put, args=(content,)) for _ in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    (path,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert objects.get(path.parent.name + path.name) == content


def test_place_that_can_not_be_written_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StoreError, match="Nothing can be written to"):
        FolderObjects(tmp_path / "file").put(b"x")


def test_url_of_an_unknown_kind_says_what_is_missing() -> None:
    with pytest.raises(StoreError, match="can't be reached"):
        open_objects("nosuch://bucket").put(b"x")
