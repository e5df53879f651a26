"""A codebase that is watched, for tests."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from code_rag.rag_server.codebase import Codebase
from code_rag.rag_server.progress import IndexReport
from code_rag.rag_server.watching import Watcher
from tests.unit.rag_server.fake_file_events import FakeFileEvents
from tests.unit.rag_server.index_bench import DEADLINE_SECONDS, Bench, bench_in, function

LONG_SECONDS = 1000.0


class WatchedBench:
    """A bench whose codebase is watched."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.events = FakeFileEvents()
        self.watcher = Watcher(Codebase(bench.root), bench.indexer, self.events)

    async def report(self, *paths: str) -> None:
        """Have an event reported for each path."""
        await self.events.bursts.put({str(self.bench.root.resolve() / path) for path in paths})

    async def finds(self, word: str, *paths: str) -> None:
        """Return once a word leads to exactly these paths."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while await self.bench.found(word) != list(paths):  # noqa: ASYNC110 – nothing tells of a change
                await asyncio.sleep(0.005)

    async def settle(self) -> None:
        """Index until the files are older than a tick of the clock; younger ones are read again."""
        differences = self.watcher._differences
        while differences.find(differences.folders()):
            await asyncio.sleep(0.01)
            await self.bench.index()
        self.bench.store.calls.clear()

    def state(self) -> IndexReport:
        """The report with what the watcher adds to it."""
        return self.watcher.annotated(self.bench.indexer.status())

    async def until(self, condition: Callable[[IndexReport], bool]) -> IndexReport:
        """The watcher's report once it meets a condition."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not condition(self.state()):  # noqa: ASYNC110 – nothing tells of a change
                await asyncio.sleep(0.005)
        return self.state()


@asynccontextmanager
async def watched(folder: Path) -> AsyncIterator[WatchedBench]:
    """An indexed codebase of two files that is watched."""
    async with bench_in(folder) as bench:
        bench.write("a.py", function("first"))
        bench.write("shop/b.py", function("second"))
        await bench.index()
        made = WatchedBench(bench)
        await made.settle()
        watching = asyncio.create_task(made.watcher.run())
        yield made
        watching.cancel()
        await asyncio.wait([watching])
