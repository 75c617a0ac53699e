from __future__ import annotations

import os
import random
import re
import threading
from datetime import timedelta

from trackbook import clock


def test_short_forms_of_a_thousand_ids_made_at_once_differ():
    ids = [clock.new_id() for _ in range(1000)]

    assert len({each[:8] for each in ids}) == 1000


def test_ids_sort_by_the_time_of_their_making():
    ids = [clock.new_id() for _ in range(1000)]

    assert ids == sorted(ids)


def test_ids_sort_by_time_also_after_seconds_have_passed(monkeypatch):
    monkeypatch.setattr(clock, "_last", clock._last)  # put back afterwards: this goes a day ahead
    start = clock.now()
    ids = []
    for seconds in (1, 2, 60, 86_400):
        monkeypatch.setattr(clock, "now", lambda moment=start + timedelta(seconds=seconds): moment)
        ids.append(clock.new_id())

    assert ids == sorted(ids)


def test_ids_stay_in_order_when_the_clock_is_set_back(monkeypatch):
    before = clock.new_id()
    earlier = clock.now() - timedelta(hours=1)
    monkeypatch.setattr(clock, "now", lambda: earlier)

    assert clock.new_id() > before


def test_an_id_is_22_characters_without_those_that_are_mistaken_for_others():
    assert all(re.fullmatch(r"[0-9a-hj-km-np-tv-z]{22}", clock.new_id()) for _ in range(100))


def test_ids_of_many_threads_differ():
    ids: list[str] = []
    threads = [threading.Thread(target=lambda: ids.extend(clock.new_id() for _ in range(250))) for _ in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({each[:8] for each in ids}) == 2000


def test_a_forked_child_makes_ids_of_its_own():
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, clock.new_id().encode())
        os._exit(0)
    os.waitpid(child, 0)
    with os.fdopen(reading) as pipe:
        os.close(writing)
        theirs = pipe.read()

    ours = clock.new_id()

    assert theirs[8:] != ours[8:]


def test_ids_and_names_leave_the_persons_random_state_alone():
    random.seed(1)
    expected = random.random()
    random.seed(1)

    clock.new_id()
    clock.new_name()

    assert random.random() == expected


def test_a_name_is_an_adjective_and_an_animal():
    names = {clock.new_name() for _ in range(200)}

    assert len(names) > 100
    assert all(re.fullmatch(r"[a-z]+-[a-z]+", name) for name in names)


def test_now_is_aware_and_in_utc():
    assert clock.now().utcoffset() == timedelta(0)


def test_monotonic_never_goes_back():
    moments = [clock.monotonic() for _ in range(100)]

    assert moments == sorted(moments)
