"""What our threads do with warnings reaches nobody."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator

import pytest
from trackbook.capture.aside import aside


@pytest.fixture(autouse=True)
def lenient() -> Iterator[None]:
    """Filters like those of a notebook: no warning is an error."""
    with warnings.catch_warnings():
        warnings.resetwarnings()
        yield


def in_thread(work: threading.Thread) -> None:
    """Run a thread to its end."""
    work.start()
    work.join()


def test_filters_are_those_of_the_person_though_a_thread_catches_warnings_meanwhile() -> None:
    inside, go = threading.Event(), threading.Event()
    before = list(warnings.filters)

    def catch() -> None:
        with aside(), warnings.catch_warnings():
            warnings.simplefilter("ignore", BytesWarning)
            inside.set()
            go.wait(30)

    thread = threading.Thread(target=catch)
    with warnings.catch_warnings():
        thread.start()
        assert inside.wait(30)
        during = list(warnings.filters)
    go.set()
    thread.join()

    assert during == before
    assert list(warnings.filters) == before


def test_person_catches_warnings_as_ever_while_a_thread_is_aside() -> None:
    inside, go = threading.Event(), threading.Event()

    def stay() -> None:
        with aside():
            inside.set()
            go.wait(30)

    thread = threading.Thread(target=stay)
    thread.start()
    assert inside.wait(30)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.warn("seen", UserWarning, stacklevel=1)
    go.set()
    thread.join()

    assert [str(each.message) for each in caught] == ["seen"]


def test_everything_is_put_back_when_the_last_one_leaves() -> None:
    enter, leave = warnings.catch_warnings.__enter__, warnings.catch_warnings.__exit__

    def work() -> None:
        with aside():
            assert warnings.catch_warnings.__enter__ is not enter

    in_thread(threading.Thread(target=work))

    assert (warnings.catch_warnings.__enter__, warnings.catch_warnings.__exit__) == (enter, leave)


def test_libraries_ignore_what_they_mean_to_where_warnings_are_errors() -> None:
    warnings.simplefilter("error")
    faults = []

    def work() -> None:
        try:
            with aside(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                warnings.warn("meant to be ignored", UserWarning, stacklevel=1)
        except UserWarning as error:
            faults.append(error)

    in_thread(threading.Thread(target=work))

    assert faults == []
