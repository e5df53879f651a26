"""llm-server's composition root."""

import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI

from code_rag.llm_server import __version__
from code_rag.llm_server.backends.base import ChatBackend
from code_rag.llm_server.backends.faults import Faults
from code_rag.llm_server.engine.keeper import COMMAND
from code_rag.llm_server.fault_routes import faults_router
from code_rag.llm_server.local_model import LocalModel
from code_rag.llm_server.metrics import ChatMetrics
from code_rag.llm_server.model_names import ModelNames
from code_rag.llm_server.routes import chat_router, models_router
from code_rag.llm_server.selection import choose_backend, environments_host, model_entries
from code_rag.llm_server.settings import Settings
from code_rag.llm_server.upstream_metrics import UpstreamMetrics
from code_rag.servicekit.app import Lifespan, build_app
from code_rag.servicekit.health import Check, Health
from code_rag.servicekit.logging import configure_logging
from code_rag.servicekit.metrics import Metrics
from code_rag.servicekit.settings import read_settings
from code_rag.servicekit.wire.chat import EXTRACTIVE


def create_app(
    settings: Settings, clock: Callable[[], float] = time.monotonic, engine: Sequence[str] = COMMAND
) -> FastAPI:
    """The service as an app; its backend lives as long as the lifespan, and by `clock` servers rest.

    `engine` is the command that starts the local model, where that is to answer.
    """
    metrics, faults, entries = Metrics(), Faults(settings.llm_faults), model_entries(settings)
    upstreams = UpstreamMetrics(metrics.registry)
    local = LocalModel.of(settings, upstreams, engine) if settings.llm_backend == "local" else None
    backend = local.backend if local else choose_backend(settings, upstreams, entries, faults, clock)
    names = ModelNames(settings.model_name, [EXTRACTIVE, *(entry.name for entry in entries)])
    chats = ChatMetrics(metrics.registry, names, environments_host(settings))
    routers = [chat_router(backend, chats), models_router(backend, names)]
    checks: dict[str, Check] = {"upstream": backend.check}
    if settings.llm_faults:
        checks["faults"] = faults.check
        routers.append(faults_router(faults))
    health = Health("llm-server", __version__, checks)
    return build_app(
        settings,
        health,
        title="llm-server",
        routers=routers,
        lifespan=_lifespan(backend, local, health, metrics),
        metrics=metrics,
        counts_tokens=True,
    )


def _lifespan(backend: ChatBackend, local: LocalModel | None, health: Health, metrics: Metrics) -> Lifespan:
    """The backend is closed in the end; a local model runs meanwhile, and says itself when it is ready."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(backend.close)
            if local:
                await stack.enter_async_context(local.running(health, metrics))
            else:
                health.ready()
            yield

    return lifespan


def create_app_from_environment() -> FastAPI:
    """The app and its logging, configured by the environment."""
    settings = read_settings(Settings)
    configure_logging("llm-server", settings.log_level, settings.environment)
    return create_app(settings)
