"""File events as a test sends them."""

import asyncio
from collections.abc import AsyncGenerator, Collection

from code_rag.rag_server.ports import FileEventsUnavailable


class FakeFileEvents:
    """Reports what is put into `bursts`, to one listener at a time."""

    def __init__(self) -> None:
        self.bursts: asyncio.Queue[set[str]] = asyncio.Queue()
        self.watched: list[set[str]] = []
        """The folders of each call."""
        self.failures: list[str] = []
        """Why the next calls fail."""

    async def watch(self, folders: Collection[str]) -> AsyncGenerator[set[str], None]:
        """The bursts; an empty one in between, so that the listener can leave."""
        self.watched.append(set(folders))
        if self.failures:
            raise FileEventsUnavailable(self.failures.pop(0))
        while True:
            try:
                yield await asyncio.wait_for(self.bursts.get(), 0.02)
            except TimeoutError:
                yield set()
