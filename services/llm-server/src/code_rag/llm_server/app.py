"""llm-server's composition root."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import structlog
from fastapi import FastAPI

from code_rag.llm_server import __version__
from code_rag.llm_server.backends.base import ChatBackend
from code_rag.llm_server.backends.extractive import ExtractiveBackend
from code_rag.llm_server.backends.limits import Limits
from code_rag.llm_server.backends.openai import OpenAIBackend
from code_rag.llm_server.backends.upstream_client import connect
from code_rag.llm_server.metrics import ChatMetrics
from code_rag.llm_server.routes import chat_router, models_router
from code_rag.llm_server.settings import Settings
from code_rag.servicekit.app import build_app
from code_rag.servicekit.health import Health
from code_rag.servicekit.logging import configure_logging
from code_rag.servicekit.metrics import Metrics
from code_rag.servicekit.settings import read_settings, reveal

log = structlog.get_logger(__name__)

OPENAI_URL = "https://api.openai.com/v1"
NO_KEY = "no-key-is-set"  # local servers ignore it, or say that one is missing


def choose_backend(settings: Settings) -> ChatBackend:
    """The backend that the settings select; logs which one it is."""
    key, url = reveal(settings.openai_api_key), settings.openai_base_url
    if key is None and url is None:
        log.warning(
            "no language model: answers are quotes of the code. For written answers set OPENAI_API_KEY, or "
            "OPENAI_BASE_URL for any OpenAI-compatible server",
            backend="extractive",
        )
        return ExtractiveBackend(settings.model_name)
    upstream = connect(url or OPENAI_URL, key or NO_KEY, settings.upstream_connect_seconds)
    log.info("language model", backend="openai", model=settings.model_name, host=upstream.host)
    limits = Limits(
        first_token=settings.upstream_first_token_seconds,
        pause=settings.upstream_pause_seconds,
        whole=settings.upstream_answer_seconds,
    )
    return OpenAIBackend(upstream, settings.model_name, limits, settings.upstream_max_retries)


def create_app(settings: Settings) -> FastAPI:
    """The service as an app; its backend lives as long as the app's lifespan."""
    metrics = Metrics()
    backend = choose_backend(settings)
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
