"""Many callers of one engine."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from code_rag.embedding_server.batching import Batcher, open_batcher
from code_rag.embedding_server.metrics import EmbeddingMetrics
from code_rag.servicekit.errors import Overloaded, Unavailable
from tests.unit.embedding_server.conftest import until
from tests.unit.embedding_server.fake_engine import POISON, CannotEmbed, FakeEngine, vector_of

MAX_QUEUED = 10_000
LARGE = ["x" * 200] * 40


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
async def batcher(fake: FakeEngine, registry: CollectorRegistry) -> AsyncIterator[Batcher]:
    async with open_batcher(fake, EmbeddingMetrics(registry), MAX_QUEUED) as opened:
        yield opened
        fake.gate.set()


async def test_vectors_come_back_in_order(batcher: Batcher) -> None:
    """Texts of mixed lengths get their own vectors, token counts and marks, in the order sent."""
    texts = ["a" * length for length in (300, 1, 40, 256, 2, 257)]
    embeddings = await batcher.embed(texts)
    expected = np.stack([vector_of(batcher.engine.tokenize(text).ids) for text in texts])
    np.testing.assert_array_equal(embeddings.vectors, expected)
    assert embeddings.tokens == [256, 1, 40, 256, 2, 256]
    assert embeddings.truncated == [True, False, False, False, False, True]


async def test_callers_get_their_own_vectors(batcher: Batcher) -> None:
    """A hundred callers at once each get the vector of their own text."""
    texts = [f"text {number}" for number in range(100)]
    answers = await asyncio.gather(*(batcher.embed([text]) for text in texts))
    for text, answer in zip(texts, answers, strict=True):
        np.testing.assert_array_equal(answer.vectors[0], vector_of(list(text.encode())))


async def test_a_query_does_not_wait_for_a_large_request(batcher: Batcher, fake: FakeEngine) -> None:
    """A query sent while a large request is being embedded is in the next inference."""
    fake.gate.clear()
    large = asyncio.create_task(batcher.embed(LARGE))
    await until(fake.started.is_set, "the first inference")
    query = asyncio.create_task(batcher.embed(["where?"]))
    await until(lambda: batcher.queued_tokens == 40 * 200 + 6, "the query to be queued")
    fake.gate.set()
    await query
    assert not large.done()
    assert fake.batches[1] == [len("where?")]
    await large


async def test_a_cancelled_request_gives_up_its_place(batcher: Batcher, fake: FakeEngine) -> None:
    """What a caller left is not embedded, and the engine goes on serving."""
    fake.gate.clear()
    large = asyncio.create_task(batcher.embed(LARGE))
    await until(fake.started.is_set, "the first inference")
    large.cancel()
    await asyncio.gather(large, return_exceptions=True)
    assert batcher.queued_tokens == 0
    fake.gate.set()
    assert (await batcher.embed(["next"])).tokens == [4]
    assert len(fake.batches) == 2


async def test_a_failure_is_its_own_requests_alone(batcher: Batcher, fake: FakeEngine) -> None:
    """Of requests that share an inference only the one that cannot be embedded fails."""
    fake.gate.clear()
    first = asyncio.create_task(batcher.embed(["first"]))
    await until(fake.started.is_set, "the first inference")
    shared = [asyncio.create_task(batcher.embed([text])) for text in ("good", POISON, "fine")]
    await until(lambda: batcher.queued_tokens == len("firstgoodfine" + POISON), "all to be queued")
    fake.gate.set()
    good, bad, fine = await asyncio.gather(*shared, return_exceptions=True)
    assert isinstance(bad, CannotEmbed)
    assert not isinstance(good, BaseException)
    assert not isinstance(fine, BaseException)
    await first
    assert sorted(fake.batches[1]) == [4, 4, 6]
    assert batcher.alive
    assert batcher.queued_tokens == 0


async def test_a_full_queue_refuses_large_requests_first(batcher: Batcher, fake: FakeEngine) -> None:
    """With the queue nearly full a large request gets a 429 with a time to wait, a query still has room."""
    fake.gate.clear()
    waiting = asyncio.create_task(batcher.embed(["x" * 250] * 35))
    await until(fake.started.is_set, "the first inference")
    with pytest.raises(Overloaded, match="8,750 tokens wait") as refused:
        await batcher.embed(["y" * 250] * 3)
    assert refused.value.retry_after
    assert refused.value.retry_after > 0
    query = asyncio.create_task(batcher.embed(["where?"]))
    await until(lambda: batcher.queued_tokens == 35 * 250 + 6, "the query to be queued")
    fake.gate.set()
    await asyncio.gather(waiting, query)


async def test_an_idle_engine_takes_a_request_above_the_limit(batcher: Batcher) -> None:
    """A request larger than the whole queue is served when nothing else waits."""
    embeddings = await batcher.embed(["z" * 250] * 60)
    assert len(embeddings.vectors) == 60


async def test_closing_tells_those_who_wait(fake: FakeEngine, registry: CollectorRegistry) -> None:
    """On the way out the inference under way ends, and whoever still waits is told to come back."""
    async with open_batcher(fake, EmbeddingMetrics(registry), MAX_QUEUED) as batcher:
        fake.gate.clear()
        waiting = asyncio.create_task(batcher.embed(LARGE))
        await until(fake.started.is_set, "the first inference")
        fake.gate.set()
    with pytest.raises(Unavailable, match="shutting down"):
        await waiting


async def test_nobody_waits_for_an_engine_that_has_stopped(batcher: Batcher) -> None:
    """Once nothing is embedded any more, a request fails at once instead of waiting for ever."""
    await batcher.close()
    assert not batcher.alive
    with pytest.raises(Unavailable, match="restart embedding-server"):
        await batcher.embed(["late"])


async def test_what_is_embedded_is_counted(batcher: Batcher, registry: CollectorRegistry) -> None:
    """Texts, tokens and cuts are counted, each inference is timed, and an idle queue holds nothing."""
    await batcher.embed(["a" * 300, "bb"])
    assert registry.get_sample_value("embedding_texts_total") == 2
    assert registry.get_sample_value("embedding_tokens_total") == 258
    assert registry.get_sample_value("embedding_truncated_texts_total") == 1
    assert registry.get_sample_value("embedding_inference_seconds_count") == 2
    assert registry.get_sample_value("embedding_queued_tokens") == 0
