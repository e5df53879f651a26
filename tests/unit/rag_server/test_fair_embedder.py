"""The embedder as several indexers share it."""

import asyncio
from collections.abc import Sequence

import pytest

from code_rag.rag_server.fair_embedder import IN_FLIGHT, FairEmbedder
from code_rag.rag_server.model import Vector
from code_rag.servicekit.errors import Overloaded
from tests.unit.rag_server.fakes import FakeEmbedder


class CountingEmbedder(FakeEmbedder):
    """Notes the order of the batches and how many were in flight at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.order: list[str] = []
        self.in_flight = self.most = 0

    async def embed(self, texts: Sequence[str], *, background: bool = False) -> list[Vector]:
        """The vectors, after the other tasks had a chance to ask for theirs."""
        self.order.append(texts[0])
        self.in_flight += 1
        self.most = max(self.most, self.in_flight)
        await asyncio.sleep(0)
        vectors = await super().embed(texts, background=background)
        self.in_flight -= 1
        return vectors


async def test_a_small_codebase_waits_for_a_batch_and_not_for_all() -> None:
    """Of two indexers that ask for batch after batch each gets its turn, a bounded number at a time."""
    counting = CountingEmbedder()
    fair = FairEmbedder(counting)

    async def work(name: str, batches: int) -> None:
        for _ in range(batches):
            await fair.embed([name], background=True)

    await asyncio.gather(*(work("large", 50) for _ in range(4)), work("small", 5))

    assert counting.most == IN_FLIGHT
    assert max(at for at, name in enumerate(counting.order) if name == "small") < 40


async def test_a_refused_batch_frees_its_place() -> None:
    """An embedder that is busy or down does not use up the places."""
    fake = FakeEmbedder(Overloaded("busy", retry_after=1))
    fair = FairEmbedder(fake)
    for _ in range(2 * IN_FLIGHT):
        with pytest.raises(Overloaded):
            await fair.embed(["x"])
    fake.failure = None

    assert len(await fair.embed(["x"])) == 1
    assert await fair.ping() == "fake-embedder"
    await fair.close()
