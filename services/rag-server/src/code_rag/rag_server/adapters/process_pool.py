"""Prepares files in several processes: parsing holds Python's lock, so that threads would take turns."""

import contextlib
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from queue import SimpleQueue
from threading import Lock, Timer
from typing import IO, cast

import structlog

from code_rag.rag_server.model import SourceFile
from code_rag.rag_server.preparing import ChangedFile, Entry, FailedFile, InProcess, Outcome, prepare

log = structlog.get_logger(__name__)

MAX_PROCESSES = 4
"""More would wait for the store, which one thread writes; each takes 100 MiB while a run prepares files."""
FEW_CHARS = 200_000
"""What is prepared in this process before others are started: they take a quarter of a second to start."""
GROUP_CHARS = 50_000
"""Text that a process gets at a time: some 100 chunks, so that all of them end at about the same time."""
GROUPS_AHEAD = 3
"""Groups per process that are read before their turn, which bounds memory."""
SECONDS_PER_GROUP = 120.0
"""After that a process is ended; parsing a file of the maximum size takes a few seconds."""

WORKER = "code_rag.rag_server.adapters.prepare_worker"

Prepared = ChangedFile | FailedFile


class ProcessPool:
    """Starts its processes when a run has enough to do for them, and ends them with the run.

    One run has them at a time; another one goes on in this process meanwhile, which bounds memory.
    """

    def __init__(
        self,
        processes: int,
        few_chars: int = FEW_CHARS,
        worker: str = WORKER,
        seconds: float = SECONDS_PER_GROUP,
    ) -> None:
        """Use as many processes, at most MAX_PROCESSES; a single one would gain nothing."""
        self._few_chars = few_chars
        self._processes = min(processes, MAX_PROCESSES)
        self._worker = worker
        self._seconds = seconds
        self._free = Lock()

    def prepare(self, entries: Iterable[Entry]) -> Generator[Outcome, None, None]:
        """Each entry in order; source files prepared, anything else as it is. Closing it ends the processes.

        A file that ends its process is a failed file; the others of its group are prepared again.
        """
        entries = iter(entries)
        yield from self._in_process(entries)
        if (entry := next(entries, None)) is None or not self._free.acquire(blocking=False):
            yield from InProcess().prepare([] if entry is None else chain([entry], entries))
            return
        try:
            with _Workers(self._processes, self._worker, self._seconds) as workers:
                yield from workers.prepare(chain([entry], entries))
        finally:
            self._free.release()

    def _in_process(self, entries: Iterator[Entry]) -> Iterator[Outcome]:
        chars = 0
        while self._processes < 2 or chars < self._few_chars:
            if (entry := next(entries, None)) is None:
                return
            yield prepare(entry) if isinstance(entry, SourceFile) else entry
            chars += len(entry.text) if isinstance(entry, SourceFile) else 0


class _Workers:
    """Running processes; a thread for each sends a group of files and waits for the answer."""

    def __init__(self, count: int, module: str, seconds: float) -> None:
        self._module = module
        self._seconds = seconds
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="prepare")
        self._idle: SimpleQueue[subprocess.Popen[bytes]] = SimpleQueue()
        self._limit = count * GROUPS_AHEAD
        self._started: list[subprocess.Popen[bytes]] = []
        for _ in range(count):
            self._idle.put(self._start())

    def __enter__(self) -> "_Workers":
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown(cancel_futures=True)
        for worker in self._started:
            _end(worker)

    def prepare(self, entries: Iterator[Entry]) -> Iterator[Outcome]:
        """The outcomes in the order of the entries."""
        ahead: deque[Future[Sequence[Outcome]]] = deque()
        for group in _groups(entries):
            ahead.append(self._threads.submit(self._prepare, group))
            if len(ahead) > self._limit:
                yield from ahead.popleft().result()
        while ahead:
            yield from ahead.popleft().result()

    def _prepare(self, group: Sequence[Entry]) -> Sequence[Outcome]:
        files = [entry for entry in group if isinstance(entry, SourceFile)]
        prepared = iter(self._ask(files))
        return [next(prepared) if isinstance(entry, SourceFile) else entry for entry in group]

    def _ask(self, files: Sequence[SourceFile]) -> list[Prepared]:
        if not files:
            return []
        worker = self._idle.get()
        try:
            answer = _exchange(worker, files, self._seconds)
            if answer is None:
                status = _end(worker)
                log.warning("a process that prepares files ended", status=status, files=len(files))
                worker = self._start()
        finally:
            self._idle.put(worker)
        if answer is not None:
            return answer
        if len(files) > 1:
            return [found for file in files for found in self._ask([file])]
        return [FailedFile(files[0].path, f"The process that parsed it ended or hung (status {status}).")]

    def _start(self) -> subprocess.Popen[bytes]:
        # -P: the working folder may be the codebase, whose modules must not be imported. A session of its
        # own: Ctrl-C is for the service, which ends its processes itself.
        command = [sys.executable, "-P", "-m", self._module]
        worker = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        self._started.append(worker)
        return worker


def _groups(entries: Iterator[Entry]) -> Iterator[list[Entry]]:
    group: list[Entry] = []
    chars = 0
    for entry in entries:
        group.append(entry)
        chars += len(entry.text) if isinstance(entry, SourceFile) else GROUP_CHARS // 100
        if chars >= GROUP_CHARS:
            yield group
            group, chars = [], 0
    if group:
        yield group


def _exchange(
    worker: subprocess.Popen[bytes], files: Sequence[SourceFile], seconds: float
) -> list[Prepared] | None:
    """The answer of a process; None if it ends, or must be ended because it takes too long."""
    requests, replies = cast(IO[bytes], worker.stdin), cast(IO[bytes], worker.stdout)
    timer = Timer(seconds, worker.kill)
    timer.start()
    try:
        pickle.dump(files, requests, protocol=5)
        requests.flush()
        answer: list[Prepared] = pickle.load(replies)  # noqa: S301 – written by our own process
    except (OSError, EOFError, ValueError, pickle.UnpicklingError):
        return None
    finally:
        timer.cancel()
    return answer


def _end(worker: subprocess.Popen[bytes]) -> int:
    """End a process and close its pipes; its exit status."""
    worker.kill()
    with contextlib.suppress(OSError), worker:
        pass  # closes the pipes; what was written to them and not read no longer matters
    return worker.wait()
