"""Many callers of one engine."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from code_rag.embedding_server.batching import Batcher, open_batcher
from code_rag.embedding_server.metrics import EmbeddingMetrics
from code_rag.servicekit.errors import InvalidInput, Overloaded, Unavailable
from tests.unit.embedding_server.conftest import until
from tests.unit.embedding_server.fake_engine import POISON, FakeEngine, vector_of

MAX_SECONDS = 2.0  # 10,000 tokens, by the pace that is guessed before the first inference has been timed
LARGE = [f"{number:0200}" for number in range(40)]


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
async def batcher(fake: FakeEngine, registry: CollectorRegistry) -> AsyncIterator[Batcher]:
    async with open_batcher(fake, EmbeddingMetrics(registry), MAX_SECONDS) as opened:
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


@settings(deadline=None, max_examples=50)
@given(
    requests=st.lists(st.lists(st.text(min_size=1, max_size=300), min_size=1, max_size=12), max_size=5),
    lanes=st.integers(1, 4),
)
async def test_order_is_kept_under_any_mix_of_lengths(requests: list[list[str]], lanes: int) -> None:
    """Whatever texts several callers send at once, each gets its own vectors in its own order."""
    engine = FakeEngine(lanes=lanes)
    async with open_batcher(engine, EmbeddingMetrics(CollectorRegistry()), 1000) as batcher:
        answers = await asyncio.gather(*(batcher.embed(texts) for texts in requests))
    for texts, answer in zip(requests, answers, strict=True):
        expected = [vector_of(engine.tokenize(text).ids) for text in texts]
        np.testing.assert_array_equal(answer.vectors, np.stack(expected))


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


async def test_a_caller_who_leaves_while_tokenizing_leaves_nothing(fake: FakeEngine) -> None:
    """A request that is cancelled before its texts are tokenized never reaches the queue."""
    texts = [f"text {number}" for number in range(2000)]
    async with open_batcher(fake, EmbeddingMetrics(CollectorRegistry()), MAX_SECONDS) as batcher:
        leaving = asyncio.create_task(batcher.embed(texts))
        await asyncio.sleep(0)  # it has begun to tokenize
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        await batcher.embed(["next"])
        assert fake.batches == [[4]]
        assert len(fake.tokenized) < 100


async def test_one_bad_text_fails_alone(batcher: Batcher, fake: FakeEngine) -> None:
    """Of requests that share an inference only the one with a text that the engine fails on is refused."""
    fake.gate.clear()
    first = asyncio.create_task(batcher.embed(["first"]))
    await until(fake.started.is_set, "the first inference")
    shared = [asyncio.create_task(batcher.embed(texts)) for texts in (["good"], ["so", POISON], ["fine"])]
    await until(lambda: batcher.queued_tokens == len("firstgoodsofine" + POISON), "all to be queued")
    fake.gate.set()
    good, bad, fine = await asyncio.gather(*shared, return_exceptions=True)
    assert isinstance(bad, InvalidInput)
    assert "The text at index 1 cannot be embedded" in bad.message
    assert not isinstance(good, BaseException)
    assert not isinstance(fine, BaseException)
    await first
    assert sorted(fake.batches[1]) == [2, 4, 4, 6]
    assert not batcher.broken.done()
    assert batcher.queued_tokens == 0


async def test_a_full_queue_refuses_large_requests_first(batcher: Batcher, fake: FakeEngine) -> None:
    """With the queue nearly full a large request gets a 429 with a time to wait, a query still has room."""
    fake.gate.clear()
    waiting = asyncio.create_task(batcher.embed([f"{number:0250}" for number in range(35)]))
    await until(fake.started.is_set, "the first inference")
    with pytest.raises(Overloaded, match="takes about 2 s") as refused:
        await batcher.embed([f"{number:0249}" for number in range(3)])
    assert refused.value.retry_after == pytest.approx((35 * 250 + 3 * 249 - 9000) / 5000)
    query = asyncio.create_task(batcher.embed(["where?"]))
    await until(lambda: batcher.queued_tokens == 35 * 250 + 6, "the query to be queued")
    fake.gate.set()
    await asyncio.gather(waiting, query)


async def test_an_idle_engine_takes_a_request_above_the_limit(batcher: Batcher) -> None:
    """A request larger than the whole queue is served when nothing else waits."""
    embeddings = await batcher.embed([f"{number:0250}" for number in range(60)])
    assert len(embeddings.vectors) == 60


async def test_closing_informs_those_who_wait(fake: FakeEngine, registry: CollectorRegistry) -> None:
    """On the way out the inference under way ends, and whoever still waits is asked to come back."""
    async with open_batcher(fake, EmbeddingMetrics(registry), MAX_SECONDS) as batcher:
        fake.gate.clear()
        waiting = asyncio.create_task(batcher.embed(LARGE))
        await until(fake.started.is_set, "the first inference")
        fake.gate.set()
    with pytest.raises(Unavailable, match="shutting down"):
        await waiting


async def test_nobody_waits_for_a_closed_batcher(batcher: Batcher) -> None:
    """Once nothing is embedded any more, a request fails at once instead of waiting."""
    await batcher.close()
    with pytest.raises(Unavailable, match="shutting down"):
        await batcher.embed(["late"])


async def test_what_is_embedded_is_counted(batcher: Batcher, registry: CollectorRegistry) -> None:
    """Texts, tokens and cuts are counted, each inference is timed, and an idle queue holds nothing."""
    await batcher.embed(["a" * 300, "bb"])
    assert registry.get_sample_value("embedding_texts_total") == 2
    assert registry.get_sample_value("embedding_tokens_total") == 258
    assert registry.get_sample_value("embedding_truncated_texts_total") == 1
    assert registry.get_sample_value("embedding_inference_seconds_count") == 2
    assert registry.get_sample_value("embedding_queued_tokens") == 0
    assert registry.get_sample_value("embedding_queued_seconds") == 0
