"""Texts that were embedded before, or are being embedded for somebody else."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from code_rag.embedding_server.batching import Batcher, open_batcher
from code_rag.embedding_server.embeddings import Embedded
from code_rag.embedding_server.metrics import EmbeddingMetrics
from code_rag.embedding_server.vector_cache import ENTRY_BYTES, VectorCache, key_of
from tests.unit.embedding_server.conftest import until
from tests.unit.embedding_server.fake_engine import FakeEngine, vector_of

DIMENSION = 8
MEGABYTE = 1_000_000


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
async def batcher(fake: FakeEngine, registry: CollectorRegistry) -> AsyncIterator[Batcher]:
    async with open_batcher(fake, EmbeddingMetrics(registry), 1000, MEGABYTE) as opened:
        yield opened
        fake.gate.set()


@given(
    texts=st.lists(st.sampled_from("abcdefgh"), max_size=60),
    room=st.integers(0, 5),
)
def test_the_last_used_are_kept_within_the_bound(texts: list[str], room: int) -> None:
    """Of any texts in any order the cache knows exactly the last distinct ones that fit into its bytes."""
    cache = VectorCache(DIMENSION, room * (4 * DIMENSION + ENTRY_BYTES))
    for text in texts:
        key = key_of(text)
        if not cache.known([key]):
            cache.put(key, Embedded(vector_of([ord(text)]), 1, False))
    last = list(dict.fromkeys(reversed(texts)))[:room]
    assert set(cache.known(map(key_of, "abcdefgh"))) == set(map(key_of, last))


async def test_a_text_is_embedded_once(
    batcher: Batcher, fake: FakeEngine, registry: CollectorRegistry
) -> None:
    """A text sent again is neither tokenized nor embedded, answered with all that was said of it, counted."""
    first = await batcher.embed(["a" * 300, "b"])
    embedded, tokenized = list(fake.batches), list(fake.tokenized)
    second = await batcher.embed(["b", "a" * 300])
    np.testing.assert_array_equal(second.vectors, first.vectors[::-1])
    assert (second.tokens, second.truncated) == ([1, 256], [False, True])
    assert (fake.batches, fake.tokenized) == (embedded, tokenized)
    assert registry.get_sample_value("embedding_requested_texts_total") == 4
    assert registry.get_sample_value("embedding_cached_texts_total") == 2
    assert registry.get_sample_value("embedding_texts_total") == 2


async def test_a_text_that_occurs_twice_is_embedded_once(batcher: Batcher, fake: FakeEngine) -> None:
    """Identical texts of one request share a row, and each gets the vector in its place."""
    answer = await batcher.embed(["same", "other", "same"])
    assert answer.tokens == [4, 5, 4]
    np.testing.assert_array_equal(answer.vectors[0], answer.vectors[2])
    assert sum(len(batch) for batch in fake.batches) == 2


async def test_two_callers_share_the_work(fake: FakeEngine) -> None:
    """A text that is being embedded for one caller is not embedded for a second, cache or no cache."""
    fake.gate.clear()
    async with open_batcher(fake, EmbeddingMetrics(CollectorRegistry()), 1000, cache_bytes=0) as batcher:
        first = asyncio.create_task(batcher.embed(["shared", "first"]))
        await until(fake.started.is_set, "the first inference")
        second = asyncio.create_task(batcher.embed(["second", "shared"]))
        await until(lambda: batcher.queued_tokens == len("sharedfirstsecond"), "the second to be queued")
        fake.gate.set()
        answers = await asyncio.gather(first, second)
    np.testing.assert_array_equal(answers[0].vectors[0], answers[1].vectors[1])
    assert sorted(length for batch in fake.batches for length in batch) == [5, 6, 6]


async def test_a_shared_text_survives_the_caller_who_leaves(batcher: Batcher, fake: FakeEngine) -> None:
    """When the caller who asked first is cancelled, another still gets the texts that both sent."""
    fake.gate.clear()
    busy = asyncio.create_task(batcher.embed(["busy"]))
    await until(fake.started.is_set, "the first inference")
    first = asyncio.create_task(batcher.embed(["shared", "dropped"]))
    await until(lambda: batcher.queued_tokens == len("busyshareddropped"), "the first to be queued")
    second = asyncio.create_task(batcher.embed(["shared", "own"]))
    await until(lambda: batcher.queued_tokens == len("busyshareddroppedown"), "the second to be queued")
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    assert batcher.queued_tokens == len("busysharedown")
    fake.gate.set()
    assert (await second).tokens == [6, 3]
    await busy
    assert sorted(length for batch in fake.batches for length in batch) == [3, 4, 6]


async def test_a_query_does_not_wait_for_the_bulk_that_has_its_text(
    batcher: Batcher, fake: FakeEngine
) -> None:
    """A text at the end of a large request is embedded at once when a query asks for it too."""
    texts = [f"{number:0200}" for number in range(40)]
    fake.gate.clear()
    large = asyncio.create_task(batcher.embed(texts))
    await until(fake.started.is_set, "the first inference")
    query = asyncio.create_task(batcher.embed(["x", texts[-1]]))
    await until(lambda: batcher.queued_tokens == 40 * 200 + 1, "the query to be queued")
    fake.gate.set()
    await query
    assert not large.done()
    assert fake.batches[1:3] == [[1], [200]]
    await large
    assert sum(len(batch) for batch in fake.batches) == 41
