"""Opens the batcher after the service has started."""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import structlog

from code_rag.embedding_server.batching import Batcher, open_batcher
from code_rag.embedding_server.engines.base import Engine, Outside
from code_rag.embedding_server.lanes import HANGING_SECONDS
from code_rag.embedding_server.metrics import EmbeddingMetrics
from code_rag.embedding_server.model_files import ModelUnavailable
from code_rag.embedding_server.served_model import ServedModel, describe
from code_rag.embedding_server.settings import Settings
from code_rag.servicekit.health import CheckResult, Health
from code_rag.servicekit.wire.embeddings import EmbeddingModelEntry

log = structlog.get_logger(__name__)

RETRY_SECONDS = 15.0
OUTSIDE_SECONDS = 900.0
"""When an engine that asks another server hangs: its requests have limits of their own, and may be many."""
EXIT_CODE = 70
"""Says that the engine is broken: EX_SOFTWARE of sysexits.h, an internal error."""
ANSWER_SECONDS = 1.0
"""How long those who wait have to get their answer before the process ends."""

Load = Callable[[Settings], Engine]


class Opening:
    """Loads the engine in the background and opens a batcher for it; until then `/health` says why."""

    _batcher: Batcher  # set once the service is ready
    _model: ServedModel | None = None

    def __init__(
        self,
        settings: Settings,
        health: Health,
        metrics: EmbeddingMetrics,
        load: Load,
        retry_seconds: float = RETRY_SECONDS,
        hanging_seconds: float = HANGING_SECONDS,
        end_process: Callable[[int], object] = os._exit,
    ) -> None:
        self._settings = settings
        self._health = health
        self._metrics = metrics
        self._load = load
        self._retry_seconds = retry_seconds
        self._hanging_seconds = hanging_seconds
        self._end_process = end_process

    def batcher(self) -> Batcher:
        """The open batcher; raises Unavailable before it is ready."""
        self._health.require_ready()
        return self._batcher

    def model(self) -> ServedModel:
        """The model that is served; raises Unavailable before it is ready."""
        self._health.require_ready()
        assert self._model  # noqa: S101 – set before the service is ready
        return self._model

    def entry(self) -> EmbeddingModelEntry:
        """What is known of the model so far."""
        return self._model.entry if self._model else EmbeddingModelEntry(id=self._settings.embedding_model)

    @asynccontextmanager
    async def in_background(self) -> AsyncGenerator[None]:
        """Open the batcher in a task of its own, and close it on the way out."""
        async with AsyncExitStack() as stack:
            task = asyncio.create_task(self._open(stack))
            task.add_done_callback(self._report)
            try:
                yield
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    async def _open(self, stack: AsyncExitStack) -> None:
        engine = await self._loaded()
        hanging_seconds = self._hanging_seconds
        if isinstance(engine, Outside):
            hanging_seconds = OUTSIDE_SECONDS
            stack.callback(engine.close)
            self._health.checks["embeddings server"] = engine.check
        opened = open_batcher(
            engine,
            self._metrics,
            self._settings.max_queued_seconds,
            self._settings.embedding_cache_mb * 1_000_000,
            hanging_seconds,
        )
        self._batcher = await stack.enter_async_context(opened)
        self._model = describe(engine)
        self._health.checks["engine"] = self._check
        self._health.ready()
        await self._end_when_broken()

    async def _end_when_broken(self) -> None:
        """End the process, so that what started it starts it again.

        At once: an orderly end would wait for the thread that hangs.
        """
        error = await self._batcher.broken
        self._health.fail(f"{error} embedding-server starts again.")
        log.critical("the engine is broken; the process ends", reason=str(error), exit_code=EXIT_CODE)
        await asyncio.sleep(ANSWER_SECONDS)
        self._end_process(EXIT_CODE)

    async def _loaded(self) -> Engine:
        while True:
            try:
                return await asyncio.to_thread(self._load, self._settings)
            except ModelUnavailable as error:
                log.error(
                    "model unavailable; retrying", reason=str(error), next_try_seconds=self._retry_seconds
                )
                self._health.fail(str(error))
                await asyncio.sleep(self._retry_seconds)

    def _report(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            log.error("the engine cannot be loaded", exc_info=error)
            self._health.fail(str(error))

    async def _check(self) -> CheckResult:
        engine = self._batcher.engine
        return CheckResult("ok", f"{engine.model} on {engine.name}: {engine.why}")
