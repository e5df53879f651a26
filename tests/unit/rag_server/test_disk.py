"""A disk that may not answer: who asks it gets an error in time, and only few threads are held."""

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from code_rag.rag_server.codebase.disk import MOST_LATE, Disk, DiskStalled

SHORT = 0.05


@pytest.fixture
def answers() -> Iterator[threading.Event]:
    """Set once the disk answers; at the end at the latest."""
    event = threading.Event()
    yield event
    event.set()


def until(condition: threading.Event) -> None:
    """Wait with a deadline."""
    assert condition.wait(20)


def test_an_answer_is_passed_on() -> None:
    """What is found comes back, and so does what is raised, a time-out of the system included."""

    def fail() -> None:
        raise TimeoutError("nfs: server not responding")

    disk = Disk()
    assert disk.call(lambda: 42, 20) == 42
    with pytest.raises(TimeoutError, match="server not responding"):
        disk.call(fail, 20)
    assert not disk.is_stalled


def test_what_hangs_is_given_up(answers: threading.Event) -> None:
    """The caller gets an error and goes on; once the disk answers it is as before."""
    disk, done = Disk(), threading.Event()

    def hang() -> None:
        answers.wait(20)
        done.set()

    with pytest.raises(DiskStalled, match="does not answer"):
        disk.call(hang, SHORT)
    stalled, other = disk.is_stalled, disk.call(lambda: "another file", 20)
    answers.set()
    until(done)

    assert stalled
    assert other == "another file"
    assert disk.call(lambda: "again", 20) == "again"
    while disk.is_stalled:
        time.sleep(0.001)


async def test_a_look_that_nobody_waits_for_in_a_thread(answers: threading.Event) -> None:
    """The event loop gets what is found or raised, and an error in time; what comes later is dropped."""
    disk = Disk()

    assert await disk.run(lambda: 42, 20) == 42
    with pytest.raises(ZeroDivisionError):
        await disk.run(lambda: 1 // 0, 20)
    with pytest.raises(DiskStalled):
        await disk.run(lambda: answers.wait(20), SHORT)
    stalled = disk.is_stalled
    answers.set()
    async with asyncio.timeout(20):
        while disk.is_stalled:  # noqa: ASYNC110 – threads do not say when they are done
            await asyncio.sleep(0.001)

    assert stalled
    assert await disk.run(lambda: "again", 20) == "again"


def test_a_dead_disk_holds_few_threads(answers: threading.Event) -> None:
    """However often it is asked, no more than some threads wait for it, and nobody waits long."""
    disk, before = Disk(), {*threading.enumerate()}
    started = time.monotonic()
    for _ in range(500):
        with pytest.raises(DiskStalled):
            disk.call(lambda: answers.wait(20), SHORT)

    assert len({*threading.enumerate()} - before) == MOST_LATE
    assert time.monotonic() - started < 10
    other = Disk()
    assert other.call(lambda: "a disk beside it", 20) == "a disk beside it"


def test_a_look_inside_a_look_needs_no_other_thread() -> None:
    """What a look asks for in turn runs where it runs."""
    disk = Disk()
    assert disk.call(lambda: disk.call(threading.get_ident, 20) == threading.get_ident(), 20)


def test_many_at_once_are_all_answered() -> None:
    """Threads are used again, and none of a thousand looks is forgotten between two of them."""
    disk, before = Disk(), {*threading.enumerate()}
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda number: disk.call(lambda: number, 20), range(1_000)))
        used = {thread for thread in {*threading.enumerate()} - before if thread.name == "disk"}

    assert found == list(range(1_000))
    assert 1 <= len(used) <= 8
