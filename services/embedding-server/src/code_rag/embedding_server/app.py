"""embedding-server's composition root."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from code_rag.embedding_server import __version__
from code_rag.embedding_server.engines import OUTSIDE
from code_rag.embedding_server.lanes import HANGING_SECONDS
from code_rag.embedding_server.loading import load_engine
from code_rag.embedding_server.metrics import EmbeddingMetrics
from code_rag.embedding_server.opening import RETRY_SECONDS, Load, Opening
from code_rag.embedding_server.routes import embeddings_router, openai_router
from code_rag.embedding_server.settings import Settings
from code_rag.servicekit.app import build_app
from code_rag.servicekit.health import Health
from code_rag.servicekit.logging import configure_logging
from code_rag.servicekit.metrics import Metrics
from code_rag.servicekit.settings import read_settings


def create_app(
    settings: Settings,
    load: Load = load_engine,
    retry_seconds: float = RETRY_SECONDS,
    hanging_seconds: float = HANGING_SECONDS,
) -> FastAPI:
    """The service as an app; it loads the engine while `/health` says `starting`."""
    health = Health("embedding-server", __version__)
    metrics = Metrics()
    opening = Opening(
        settings, health, EmbeddingMetrics(metrics.registry), load, retry_seconds, hanging_seconds
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        async with opening.in_background():
            yield

    routers = [embeddings_router(opening), openai_router(opening, settings.embedding_model)]
    return build_app(
        settings, health, title="embedding-server", routers=routers, lifespan=lifespan, metrics=metrics
    )


def create_app_from_environment() -> FastAPI:
    """The app and its logging, configured by the environment; under the reloader the model stays loaded."""
    settings = read_settings(Settings)
    configure_logging("embedding-server", settings.log_level, settings.environment)
    if not settings.reload or settings.embedding_engine == OUTSIDE:  # which takes no time to load
        return create_app(settings)
    from code_rag.embedding_server.development.engine_client import load_from_host

    return create_app(settings, load_from_host)
