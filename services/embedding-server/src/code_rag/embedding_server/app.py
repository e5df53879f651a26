"""embedding-server's composition root."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import structlog
from fastapi import FastAPI

from code_rag.embedding_server import __version__
from code_rag.embedding_server.batching import Batcher, open_batcher
from code_rag.embedding_server.encoders.base import Encoder
from code_rag.embedding_server.encoders.remote import load_remote_encoder
from code_rag.embedding_server.loading import load_encoder
from code_rag.embedding_server.metrics import EmbeddingMetrics
from code_rag.embedding_server.model_files import ModelUnavailable
from code_rag.embedding_server.routes import router
from code_rag.embedding_server.settings import Settings
from code_rag.servicekit.app import build_app
from code_rag.servicekit.health import CheckResult, Health
from code_rag.servicekit.logging import configure_logging
from code_rag.servicekit.metrics import Metrics
from code_rag.servicekit.settings import read_settings

log = structlog.get_logger(__name__)

RETRY_SECONDS = 15.0

Load = Callable[[Settings], Encoder]


def create_app(
    settings: Settings, load: Load = load_encoder, retry_seconds: float = RETRY_SECONDS
) -> FastAPI:
    """The service as an app; it loads the encoder while `/health` says `starting`."""
    health = Health("embedding-server", __version__)
    metrics = Metrics()
    embedding_metrics = EmbeddingMetrics(metrics.registry)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        app.state.model = settings.embedding_model
        async with AsyncExitStack() as stack:

            async def open_encoder() -> None:
                encoder = await _loaded(settings, load, health, retry_seconds)
                batcher = await stack.enter_async_context(
                    open_batcher(encoder, embedding_metrics, settings.max_queued_tokens)
                )
                app.state.batcher = batcher
                health.checks["encoder"] = lambda: _check(batcher, settings)
                health.ready()

            opening = asyncio.create_task(open_encoder())
            opening.add_done_callback(lambda task: _report(task, health))
            yield
            opening.cancel()
            await asyncio.gather(opening, return_exceptions=True)

    return build_app(
        settings, health, title="embedding-server", routers=[router], lifespan=lifespan, metrics=metrics
    )


def create_app_from_environment() -> FastAPI:
    """The app as the environment configures it, logging too; under the reloader no reload loads the model."""
    settings = read_settings(Settings)
    configure_logging("embedding-server", settings.log_level, settings.environment)
    return create_app(settings, load_remote_encoder if settings.reload else load_encoder)


async def _loaded(settings: Settings, load: Load, health: Health, retry_seconds: float) -> Encoder:
    """The encoder; while no source has the model, says so in `/health` and tries again."""
    while True:
        try:
            return await asyncio.to_thread(load, settings)
        except ModelUnavailable as error:
            log.error("the model is not to be had", reason=str(error), next_try_seconds=retry_seconds)
            health.fail(str(error))
            await asyncio.sleep(retry_seconds)


def _report(opening: asyncio.Task[None], health: Health) -> None:
    if not opening.cancelled() and (error := opening.exception()):
        log.error("the encoder cannot be loaded", exc_info=error)
        health.fail(str(error))


async def _check(batcher: Batcher, settings: Settings) -> CheckResult:
    if batcher.alive:
        return CheckResult("ok", f"{settings.embedding_model} on {settings.embedding_engine}")
    return CheckResult("failing", "The task that embeds has ended; the log says why.")
