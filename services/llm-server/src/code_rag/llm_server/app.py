"""llm-server's composition root."""

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI

from code_rag.llm_server import __version__
from code_rag.llm_server.metrics import ChatMetrics
from code_rag.llm_server.routes import chat_router, models_router
from code_rag.llm_server.selection import choose_backend
from code_rag.llm_server.settings import Settings
from code_rag.llm_server.upstream_metrics import UpstreamMetrics
from code_rag.servicekit.app import build_app
from code_rag.servicekit.health import Health
from code_rag.servicekit.logging import configure_logging
from code_rag.servicekit.metrics import Metrics
from code_rag.servicekit.settings import read_settings


def create_app(settings: Settings, clock: Callable[[], float] = time.monotonic) -> FastAPI:
    """The service as an app; its backend lives as long as the lifespan, and by `clock` servers rest."""
    metrics = Metrics()
    backend = choose_backend(settings, UpstreamMetrics(metrics.registry), clock)
    health = Health("llm-server", __version__, {"upstream": backend.check})

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        health.ready()
        try:
            yield
        finally:
            await backend.close()

    return build_app(
        settings,
        health,
        title="llm-server",
        routers=[chat_router(backend, ChatMetrics(metrics.registry)), models_router(backend)],
        lifespan=lifespan,
        metrics=metrics,
        counts_tokens=True,
    )


def create_app_from_environment() -> FastAPI:
    """The app and its logging, configured by the environment."""
    settings = read_settings(Settings)
    configure_logging("llm-server", settings.log_level, settings.environment)
    return create_app(settings)
