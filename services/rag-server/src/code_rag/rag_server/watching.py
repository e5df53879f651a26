"""The watching use case: finds what has changed on disk, and has it indexed.

File events say where to look, a comparison of the whole codebase now and then finds what they missed, and a
question looks first where no events come. All three use one comparison, so that none counts a change twice.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace
from functools import partial
from pathlib import PurePosixPath
from typing import TypeVar

import structlog

from code_rag.rag_server.codebase import Codebase
from code_rag.rag_server.codebase.differences import Differences
from code_rag.rag_server.codebase.disk import DiskStalled
from code_rag.rag_server.indexing import Indexer
from code_rag.rag_server.ports import FileEvents, FileEventsUnavailable
from code_rag.rag_server.progress import IndexReport, Watching

log = structlog.get_logger(__name__)

SHORTEST_PAUSE_SECONDS = 1.0
IDLE_SHARE = 0.004
"""The part of a core that comparing may take while nothing happens."""
EVENTS_SHARE = IDLE_SHARE / 4
"""The same where events arrive."""
ASKED_SHARE = 0.05
"""The same while there are questions and no file events."""
PATIENCE_SECONDS = 0.5
"""How long a question waits for what has changed to be indexed."""
LONGEST_REST_SECONDS = 2.0
"""After a burst as much rest as its run took, up to this: a file written without end leaves time."""
RETRY_SECONDS = 30.0
"""The pause after which file events that were unavailable are tried again."""


T = TypeVar("T")


class Watcher:
    """Keeps one codebase's index current while `run` is running."""

    def __init__(self, codebase: Codebase, indexer: Indexer, events: FileEvents | None) -> None:
        """Without `events` only a comparison finds changes."""
        self._codebase = codebase
        self._indexer = indexer
        self._events = events
        self._differences = Differences(codebase, indexer.signatures)
        self._changed: set[str] = set()
        self._one_at_a_time = asyncio.Lock()
        self._looks: set[asyncio.Task[bool]] = set()
        self._compared = float("-inf")
        self._cost = 0.0
        self._is_running = self._has_events = False
        self._failure = ""
        """Why the codebase cannot be compared."""
        self.no_events = "none has arrived yet" if events else "switched off"
        """Why changes are found by comparing; empty while events arrive."""

    async def run(self) -> None:
        """Watch until cancelled; an unexpected error is reported, and watching starts again after a while."""
        self._is_running = True
        try:
            while True:
                await self._run()
                await asyncio.sleep(RETRY_SECONDS)
        finally:
            self._is_running = False

    def annotated(self, report: IndexReport) -> IndexReport:
        """The state of indexing, with what has changed and waits to be indexed."""
        report = replace(report, changed=len(self._changed), watching=self._watching())
        return replace(report, state="failed", detail=self._failure) if self._failure else report

    def how(self) -> str:
        """In words, how changes on disk are noticed."""
        folders = len(self._differences.folders())
        if not self._is_running:
            return "changes on disk are not watched (WATCH=false)"
        if not folders:
            return "changes on disk are watched once all is indexed"
        if self._has_events:
            return f"file events of {folders} folders, all compared every {self._pause(EVENTS_SHARE):.0f} s"
        pause = self._pause(IDLE_SHARE)
        return f"compared with the disk every {pause:.0f} s and at questions; file events: {self.no_events}"

    async def refresh(self) -> None:
        """Look for changes if no event would report them, and wait a moment until they are indexed."""
        if self._changed:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._indexer.caught_up(), PATIENCE_SECONDS)
        elif self._is_due():
            self._looks.add(look := asyncio.create_task(self._compare()))
            look.add_done_callback(self._looks.discard)
            await asyncio.wait({look}, timeout=PATIENCE_SECONDS)

    def _is_due(self) -> bool:
        """Whether a question should look first."""
        if not self._is_running or self._has_events or not self._indexer.is_caught_up:
            return False
        return not self._looks and time.monotonic() - self._compared > self._pause(ASKED_SHARE)

    def _watching(self) -> Watching:
        if not self._is_running or not self._differences.folders():
            return "off"
        return "events" if self._has_events else "scan"

    def _pause(self, share: float) -> float:
        return max(SHORTEST_PAUSE_SECONDS, self._cost / share)

    async def _run(self) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._compare_now_and_then())
                if self._events:
                    tasks.create_task(self._follow(self._events))
        except* Exception as errors:  # in a background task nothing else would report it
            log.exception("watching failed")
            self._failure = f"Changes on disk are not noticed: {errors.exceptions[0]!r}"

    async def _compare_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(self._pause(EVENTS_SHARE if self._has_events else IDLE_SHARE))
            if await self._compare():
                self._has_events = False  # until the next one proves that they arrive

    async def _follow(self, events: FileEvents) -> None:
        while True:
            await self._indexer.caught_up()
            try:
                await self._listen(events, await self._in_time(self._differences.locations))
            except (FileEventsUnavailable, DiskStalled) as error:
                log.warning("no file events", reason=str(error))
                self._has_events, self.no_events = False, str(error)
                await asyncio.sleep(RETRY_SECONDS)

    async def _listen(self, events: FileEvents, folders: Mapping[str, str]) -> None:
        """Index what events report, until there are other folders to listen to."""
        async with aclosing(events.watch(folders.keys())) as bursts:
            async for paths in bursts:
                places = {*paths, *(str(PurePosixPath(path).parent) for path in paths)} & folders.keys()
                started = time.monotonic()
                if places and await self._look([folders[place] for place in places]):
                    self._has_events, self.no_events = True, ""
                    await asyncio.sleep(min(time.monotonic() - started, LONGEST_REST_SECONDS))
                if self._indexer.is_caught_up and {*folders.values()} != {*self._differences.folders()}:
                    return

    async def _compare(self) -> bool:
        """Look everywhere; whether something had changed."""
        found = await self._look(None)
        self._compared = time.monotonic()
        return found

    async def _in_time(self, work: Callable[[], T]) -> T:
        """What `work` finds on the disk; raises DiskStalled after a time in which it finds anything."""
        disk = self._codebase.disk
        return await disk.run(work, disk.walk_seconds)

    async def _look(self, folders: Sequence[str] | None) -> bool:
        """Index what differs in these folders, or in all; whether something did."""
        async with self._one_at_a_time:
            changed: set[str] | None = None
            while changed is None or not self._indexer.is_caught_up:  # a run changes what is compared with
                await self._indexer.caught_up()
                changed = await self._found(folders)
            if changed:
                self._changed = changed
                self._indexer.start(*changed)
                await self._indexer.caught_up()
                self._changed = set()
            return bool(changed)

    async def _found(self, folders: Sequence[str] | None) -> set[str]:
        try:
            return await self._in_time(partial(self._find, folders))
        except DiskStalled as error:
            self._failure = f"The codebase cannot be read: {self._codebase.root}: {error.strerror}."
            return set()

    def _find(self, folders: Sequence[str] | None) -> set[str]:
        started = time.thread_time()
        changed = (
            set()
            if self._differences.absence()
            else self._differences.find(folders or self._differences.folders())
        )
        # Once more: the folder may have been unmounted in the middle.
        if absence := self._differences.absence():
            changed = set()
        if folders is None:
            self._cost = time.thread_time() - started
        self._failure = absence
        return changed
