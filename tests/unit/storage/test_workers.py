"""Threads that share jobs."""

from __future__ import annotations

import threading
import time

import pytest

from bifrost_core.errors import Cancelled
from bifrost_core.storage.workers import Workers, default_workers


@pytest.mark.parametrize("count", [1, 2, 8])
def test_each_item_is_done_once_when_threads_share_them(count: int) -> None:
    done: list[int] = []
    Workers(count, done.append).run(range(500), 500)
    assert sorted(done) == list(range(500))


def test_the_threads_work_side_by_side_when_there_are_several() -> None:
    meeting = threading.Barrier(3, timeout=20)

    def meet(_: int) -> None:
        meeting.wait()

    Workers(3, meet).run(range(3), 3)
    assert not meeting.broken


@pytest.mark.parametrize("count", [1, 4])
def test_the_first_error_is_raised_and_the_rest_left_when_a_job_fails(count: int) -> None:
    done: list[int] = []

    def work(item: int) -> None:
        if item == 10:
            raise ValueError("ten")
        done.append(item)
        time.sleep(0.001)

    with pytest.raises(ValueError, match="ten"):
        Workers(count, work).run(range(5000), 5000)
    assert len(done) < 1000


def test_a_long_job_stops_when_another_fails() -> None:
    stopped: list[bool] = []
    begun = threading.Event()

    def work(item: int) -> None:
        if item == 0:
            begun.wait(20)
            raise ValueError("short")
        begun.set()
        for _ in range(2000):
            try:
                workers.check()
            except Cancelled:
                stopped.append(True)
                raise
            time.sleep(0.01)

    workers = Workers(2, work)
    with pytest.raises(ValueError, match="short"):
        workers.run(range(2), 2)
    assert stopped == [True]


def test_the_number_of_threads_is_bounded_when_the_machine_chooses() -> None:
    assert 2 <= default_workers() <= 8
