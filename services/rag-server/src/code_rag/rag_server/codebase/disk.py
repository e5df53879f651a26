"""A disk that may not answer, such as a network mount whose server is gone."""

import asyncio
import errno
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

ANSWER_SECONDS = 5.0
"""For one look that somebody waits for; a disk that has gone to sleep needs some seconds to turn again."""
STEP_SECONDS = 60.0
"""For one file or one folder of an index run."""
WALK_SECONDS = 1_200.0
"""For listing a whole codebase, of a million files on a slow disk."""
MOST_LATE = 4
"""Looks that may be late before the next ones are not tried: each holds a thread until the disk answers."""
IDLE_SECONDS = 10.0

T = TypeVar("T")


class DiskStalled(OSError):
    """The disk did not answer in time."""

    def __init__(self) -> None:
        super().__init__(errno.ETIMEDOUT, "the disk does not answer")


class Disk:
    """One codebase's disk, asked in threads of its own: what takes too long is left behind in its thread.

    Nothing else helps: a call into a dead mount cannot be interrupted. The threads are daemons, so that they
    do not hold up the end of the process.
    """

    answer_seconds = ANSWER_SECONDS
    step_seconds = STEP_SECONDS
    walk_seconds = WALK_SECONDS

    def __init__(self) -> None:
        self._jobs: SimpleQueue[tuple[Callable[[], Any], Future[Any]]] = SimpleQueue()
        self._idle = threading.Semaphore(0)
        self._due: dict[Future[Any], float] = {}
        self._here = threading.local()

    @property
    def is_stalled(self) -> bool:
        """Whether a look is late now."""
        return self._late() > 0

    def call(self, work: Callable[[], T], seconds: float) -> T:
        """What `work` returns; blocks. Raises DiskStalled after `seconds`, at once where too many are late.

        In a thread of this disk `work` runs right there: who asked for it has a time for all of it.
        """
        if getattr(self._here, "is_own", False):
            return work()
        answer = self._begun(work, seconds)
        wait([answer], seconds)
        if not answer.done():
            raise DiskStalled
        return answer.result()

    async def run(self, work: Callable[[], T], seconds: float) -> T:
        """What `work` returns, as `call`, without a thread that waits for it."""
        answer = asyncio.wrap_future(self._begun(work, seconds))
        await asyncio.wait({answer}, timeout=seconds)
        if answer.done():
            return answer.result()
        answer.cancel()
        raise DiskStalled

    def _begun(self, work: Callable[[], T], seconds: float) -> Future[T]:
        if self._late() >= MOST_LATE:
            raise DiskStalled
        answer: Future[T] = Future()
        self._due[answer] = time.monotonic() + seconds
        answer.add_done_callback(lambda done: self._due.pop(done))
        self._jobs.put((work, answer))
        if not self._idle.acquire(blocking=False):
            threading.Thread(target=self._serve, name="disk", daemon=True).start()
        return answer

    def _late(self) -> int:
        now = time.monotonic()
        return sum(due <= now for due in list(self._due.values()))

    def _serve(self) -> None:
        self._here.is_own = True
        while True:
            try:
                work, answer = self._jobs.get(timeout=IDLE_SECONDS)
            except Empty:
                if self._idle.acquire(blocking=False):
                    return
                continue  # somebody counts on this thread
            if answer.set_running_or_notify_cancel():
                try:
                    answer.set_result(work())
                except BaseException as error:  # whatever it is belongs to who asked
                    answer.set_exception(error)
            del work, answer
            self._idle.release()
