"""Several inferences at once, and an engine that breaks."""

import asyncio
import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from prometheus_client import CollectorRegistry

from code_rag.embedding_server.batching import open_batcher
from code_rag.embedding_server.engines.base import Tokens, Vectors
from code_rag.embedding_server.metrics import EmbeddingMetrics
from code_rag.embedding_server.opening import EXIT_CODE, Opening
from code_rag.embedding_server.request import Request, Row
from code_rag.embedding_server.settings import Settings
from code_rag.servicekit.errors import InvalidInput, Unavailable, UpstreamFailed
from code_rag.servicekit.health import Health
from tests.unit.embedding_server.conftest import until
from tests.unit.embedding_server.fake_engine import POISON, FakeEngine

LONG = 1000.0


def metrics() -> EmbeddingMetrics:
    return EmbeddingMetrics(CollectorRegistry())


async def test_lanes_run_at_once() -> None:
    """An engine of three lanes embeds three batches of one request at the same time, and no fourth."""
    fake = FakeEngine(lanes=3)
    fake.gate.clear()
    async with open_batcher(fake, metrics(), LONG) as batcher:
        request = asyncio.create_task(batcher.embed([f"{number:0250}" for number in range(12)]))
        await until(lambda: len(fake.batches) == 3, "three inferences")
        queued = asyncio.create_task(batcher.embed(["next"]))
        await until(lambda: batcher.queued_tokens == 12 * 250 + 4, "another request to be queued")
        assert len(fake.batches) == 3
        fake.gate.set()
        await asyncio.gather(request, queued)


async def test_idle_lanes_share_a_small_request() -> None:
    """What would fill one inference is split when another lane has nothing to do."""
    fake = FakeEngine(lanes=2)
    async with open_batcher(fake, metrics(), LONG) as batcher:
        await batcher.embed([f"{number:0100}" for number in range(4)])
    assert fake.batches == [[100, 100], [100, 100]]


async def test_a_short_inference_gets_no_company_it_would_wait_for() -> None:
    """A query of few tokens is not joined by part of a large request, however well its texts would fit."""
    fake = FakeEngine()
    fake.gate.clear()
    async with open_batcher(fake, metrics(), LONG) as batcher:
        large = asyncio.create_task(batcher.embed([f"{number:04}" for number in range(300)]))
        await until(fake.started.is_set, "the first inference")
        query = asyncio.create_task(batcher.embed(["abc"]))
        await until(lambda: batcher.queued_tokens == 1203, "the query to be queued")
        fake.gate.set()
        await asyncio.gather(large, query)
    assert fake.batches[1] == [3]


@dataclass
class Failing(FakeEngine):
    """An engine whose inferences fail with `error` from the moment that there is one."""

    error: BaseException | None = None

    def forward(self, batch: Sequence[Tokens]) -> Vectors:
        vectors = super().forward(batch)
        if self.error:
            raise self.error
        return vectors


async def test_an_engine_that_fails_on_everything_is_broken() -> None:
    """When even a text that was embedded before fails, nobody's text is to blame: callers get a 503."""
    engine = Failing()
    async with open_batcher(engine, metrics(), LONG) as batcher:
        await batcher.embed(["fine"])
        engine.error = RuntimeError("out of order")
        with pytest.raises(Unavailable, match="fails on every text: RuntimeError"):
            await batcher.embed(["a", "b"])
        with pytest.raises(Unavailable, match="starts again"):
            await batcher.embed(["c"])


async def test_a_service_behind_the_engine_that_is_down_breaks_nothing() -> None:
    """An engine that asks another service passes its error on at once, and serves again after it."""
    engine = Failing(error=UpstreamFailed("the other server is down"))
    async with open_batcher(engine, metrics(), LONG) as batcher:
        with pytest.raises(UpstreamFailed, match="is down"):
            await batcher.embed(["a", "b"])
        assert len(engine.batches) == 1
        engine.error = None
        assert (await batcher.embed(["a"])).tokens == [1]


async def test_what_the_engine_calls_invalid_is_passed_on() -> None:
    """A text that a service behind the engine refuses is a 400 with its words, and no doubt of the engine."""
    engine = Failing(error=InvalidInput("such texts are not read here"))
    async with open_batcher(engine, metrics(), LONG) as batcher:
        with pytest.raises(InvalidInput, match=r"index 0 cannot be embedded.* such texts are not read here"):
            await batcher.embed(["a"])
        assert engine.batches == [[1]]


async def ended(
    engine: FakeEngine, breaks: Callable[[], object], hanging_seconds: float
) -> tuple[list[int], str]:
    """The exit codes with which a service ends when its engine breaks, and what `/health` says meanwhile."""
    codes: list[int] = []
    health = Health("embedding-server", "1")
    opening = Opening(
        Settings(),
        health,
        metrics(),
        lambda _: engine,
        hanging_seconds=hanging_seconds,
        end_process=codes.append,
    )
    async with opening.in_background():
        await until(lambda: health.state == "ready", "the service to be ready")
        breaks()
        with pytest.raises(Unavailable):
            await opening.batcher().embed(["waits"])
        await until(lambda: health.state == "failing", "health to say so")
        status, report = await health.report()
        assert status == 503
        await until(lambda: codes, "the process to be ended")
        engine.gate.set()
    return codes, report.checks["embedding-server"].detail


async def test_a_service_whose_engine_hangs_is_started_again() -> None:
    """An inference that does not end makes `/health` 503, refuses who waits, and ends the process."""
    engine = FakeEngine()
    codes, detail = await ended(engine, engine.gate.clear, 0.2)
    assert codes == [EXIT_CODE]
    assert "An inference over 5 tokens has not ended within" in detail


async def test_a_service_whose_lane_dies_is_started_again() -> None:
    """Should a lane ever end by a bug, here by fewer vectors than texts, the process ends likewise."""
    engine = Failing()

    def breaks() -> None:
        engine.forward = lambda batch: FakeEngine.forward(engine, batch)[:0]  # type: ignore[method-assign]

    codes, detail = await ended(engine, breaks, LONG)
    assert codes == [EXIT_CODE]
    assert "A bug has ended the work on the queue: ValueError" in detail


def kept_rows() -> list[Row | Request]:
    """All that exist in this process."""
    return [kept for kept in gc.get_objects() if isinstance(kept, Row | Request)]


async def test_nothing_is_left_of_requests_that_have_ended() -> None:
    """Answered, shared, refused or cancelled, no request keeps memory, and none waits for the collector."""
    engine = FakeEngine(lanes=2)
    gc.collect()
    gc.disable()
    try:
        async with open_batcher(engine, metrics(), LONG) as batcher:
            own = kept_rows()
            for number in range(50):
                texts = [
                    f"{number}-{text}" for text in ("a", "b" * 300, "c", POISON if number % 7 == 3 else "d")
                ]
                asked = [asyncio.create_task(batcher.embed(texts)) for _ in range(3)]
                await asyncio.sleep(0)
                asked[number % 3].cancel()
                await asyncio.gather(*asked, return_exceptions=True)
            del asked
            await batcher.embed(["the last"])
            assert batcher.queued_tokens == 0
            assert kept_rows() == own
    finally:
        gc.enable()
