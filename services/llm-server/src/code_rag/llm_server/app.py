"""llm-server's composition root."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import structlog
from fastapi import FastAPI

from code_rag.llm_server import __version__
from code_rag.llm_server.generators.base import Generator
from code_rag.llm_server.generators.extractive import ExtractiveGenerator
from code_rag.llm_server.metrics import ChatMetrics
from code_rag.llm_server.routes import Gateway, router
from code_rag.llm_server.settings import Settings
from code_rag.servicekit.app import build_app
from code_rag.servicekit.health import Health
from code_rag.servicekit.logging import configure_logging
from code_rag.servicekit.metrics import Metrics
from code_rag.servicekit.settings import read_settings, reveal

log = structlog.get_logger(__name__)

OPENAI_URL = "https://api.openai.com/v1"
NO_KEY = "no-key-is-set"  # the client wants one; servers on a laptop do not look at it


def choose_generator(settings: Settings) -> Generator:
    """The generator that the settings ask for, said once in the log."""
    key, url = reveal(settings.openai_api_key), settings.openai_base_url
    if key is None and url is None:
        log.warning(
            "no language model: answers are quotes of the code. Set OPENAI_API_KEY, or OPENAI_BASE_URL "
            "for any OpenAI-compatible server, to have them written",
            generator="extractive",
        )
        return ExtractiveGenerator(settings.model_name)
    # Here alone: importing the client takes longer than all the rest of the start.
    from code_rag.llm_server.generators.openai import OpenAIGenerator, connect

    timeout = settings.upstream_timeout_seconds
    client = connect(url or OPENAI_URL, key or NO_KEY, timeout, settings.upstream_max_retries)
    log.info("language model", generator="openai", model=settings.model_name, host=client.base_url.host)
    return OpenAIGenerator(client, settings.model_name, timeout)


def create_app(settings: Settings) -> FastAPI:
    """The service as an app; its generator lives as long as the app's lifespan."""
    health = Health("llm-server", __version__)
    metrics = Metrics()
    chat_metrics = ChatMetrics(metrics.registry)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        generator = choose_generator(settings)
        app.state.gateway = Gateway(generator, chat_metrics)
        health.checks["upstream"] = generator.check
        health.ready()
        try:
            yield
        finally:
            await generator.close()

    return build_app(
        settings, health, title="llm-server", routers=[router], lifespan=lifespan, metrics=metrics
    )


def create_app_from_environment() -> FastAPI:
    """The app as the environment configures it, logging too."""
    settings = read_settings(Settings)
    configure_logging("llm-server", settings.log_level, settings.environment)
    return create_app(settings)
