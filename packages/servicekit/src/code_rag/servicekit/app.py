"""Builds a service's FastAPI app with the routes, errors and middleware that all services share."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from fastapi import APIRouter, FastAPI, Response

from code_rag.servicekit.errors import add_error_handlers
from code_rag.servicekit.health import Health, health_router
from code_rag.servicekit.metrics import Metrics
from code_rag.servicekit.middleware import RequestLayer
from code_rag.servicekit.settings import ServiceSettings, reveal


class Lifespan(Protocol):
    """Opens what the app needs at startup and closes it in reverse order at shutdown."""

    def __call__(self, app: FastAPI) -> AbstractAsyncContextManager[None]: ...


def build_app(
    settings: ServiceSettings,
    health: Health,
    *,
    title: str,
    routers: Sequence[APIRouter],
    lifespan: Lifespan,
    metrics: Metrics,
    open_paths: frozenset[str] = frozenset(),
) -> FastAPI:
    """An app with health, metrics, errors, request ids, body limit and key check around `routers`.

    The server reads `app.state.settings` and `app.state.health`; `open_paths` need no key.
    """
    app = FastAPI(title=title, version=health.version, lifespan=lifespan)
    app.state.settings, app.state.health = settings, health
    for router in (health_router(health), _metrics_router(metrics), *routers):
        app.include_router(router)
    add_error_handlers(app)
    app.add_middleware(
        RequestLayer,
        metrics=metrics,
        max_body_bytes=settings.max_body_bytes,
        api_key=reveal(settings.api_key),
        open_paths=open_paths,
    )
    return app


def _metrics_router(metrics: Metrics) -> APIRouter:
    router = APIRouter(tags=["health"])

    @router.get("/metrics")
    def render_metrics() -> Response:
        return metrics.render()

    return router
