"""The watchers of all codebases, one for each, and what they add to the state of indexing."""

import asyncio

from code_rag.rag_server.codebase.member import Member
from code_rag.rag_server.indexers import Indexers
from code_rag.rag_server.indexing import Indexer
from code_rag.rag_server.ports import FileEvents
from code_rag.rag_server.progress import IndexReport
from code_rag.rag_server.totals import total
from code_rag.rag_server.watching import Watcher

FOLLOW_SECONDS = 1.0
"""How soon a codebase that comes or goes is followed."""


class Watchers:
    """Watches each codebase that has an indexer, while `run` is running."""

    def __init__(self, indexers: Indexers, events: FileEvents | None) -> None:
        self._indexers = indexers
        self._events = events
        self._watchers: dict[Indexer, Watcher] = {}
        self._tasks: dict[Indexer, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Watch until cancelled."""
        try:
            while True:
                await self._follow()
                await asyncio.sleep(FOLLOW_SECONDS)
        finally:
            await _stop(*self._tasks.values())

    async def refresh(self, path: str = "") -> None:
        """Look for changes in the codebase that `path` is in, or in all, if no events would report them."""
        watched = [self._watcher(member) for member, _ in self._indexers.reports(path)]
        await asyncio.gather(*(watcher.refresh() for watcher in watched))

    def reports(self, path: str = "") -> list[tuple[Member, IndexReport]]:
        """The state of the codebase that `path` is in, or of each, with what has changed on disk."""
        reports = self._indexers.reports(path)
        return [(member, self._watcher(member).annotated(report)) for member, report in reports]

    def report(self, path: str = "") -> IndexReport:
        """The state of the codebase that `path` is in, or of all of them as one."""
        return total([(member.name, report) for member, report in self.reports(path)])

    def how(self) -> str:
        """In words, how changes on disk are noticed."""
        ways = [(member.name, self._watcher(member).how()) for member, _ in self._indexers.reports()]
        return ways[0][1] if len(ways) == 1 else "; ".join(f"{name}: {way}" for name, way in ways)

    def _watcher(self, member: Member) -> Watcher:
        indexer = self._indexers.indexer(member)
        if indexer not in self._watchers:
            self._watchers[indexer] = Watcher(member, indexer, self._events)
        return self._watchers[indexer]

    async def _follow(self) -> None:
        """Have a running watcher for each codebase that there is now, and no other."""
        current = {self._indexers.indexer(member): member for member, _ in self._indexers.reports()}
        for indexer in self._watchers.keys() - current.keys():
            del self._watchers[indexer]
        gone = [self._tasks.pop(indexer) for indexer in self._tasks.keys() - current.keys()]
        await _stop(*gone)
        for indexer in current.keys() - self._tasks.keys():
            watcher = self._watcher(current[indexer])
            self._tasks[indexer] = asyncio.create_task(watcher.run())


async def _stop(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
