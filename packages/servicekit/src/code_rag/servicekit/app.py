"""Builds a service's FastAPI app with the routes, errors and middleware that all services share."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import structlog
from fastapi import APIRouter, FastAPI
from fastapi.responses import PlainTextResponse, Response
from starlette.middleware.cors import CORSMiddleware

from code_rag.servicekit.doors.door import Door
from code_rag.servicekit.doors.exposure import exposure
from code_rag.servicekit.doors.hosts import Hosts
from code_rag.servicekit.doors.origins import Origins
from code_rag.servicekit.errors import ServiceError, Unavailable, add_error_handlers
from code_rag.servicekit.health import Health, health_router
from code_rag.servicekit.keys.callers import Callers
from code_rag.servicekit.keys.key_file import KeyFile
from code_rag.servicekit.metrics import Metrics
from code_rag.servicekit.middleware import QUIET_PATHS, Precheck, RequestLayer, no_check
from code_rag.servicekit.openapi import DOCUMENT, DocumentedApp, errors
from code_rag.servicekit.settings import ServiceSettings, reveal

log = structlog.get_logger(__name__)


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
    counts_tokens: bool = False,
    precheck: Precheck = no_check,
) -> FastAPI:
    """An app with health, metrics, errors, request ids, body limit, keys and their limits around `routers`.

    `open_paths` need no key; `precheck` refuses before a body is read. Raises SettingsError for bad keys.
    """
    open_paths |= QUIET_PATHS | {DOCUMENT}
    app = _documented(settings, health, title, open_paths, lifespan)
    _include(app, [health_router(health), _metrics_router(metrics)], routers)
    app.add_middleware(
        RequestLayer,
        metrics=metrics,
        max_body_bytes=settings.max_body_bytes,
        door=_door(settings, health.service),
        callers=_callers(settings, health, counts_tokens=counts_tokens),
        open_paths=open_paths,
        precheck=precheck,
    )
    _open_to(app, settings.allowed_origins)
    return app


def _documented(
    settings: ServiceSettings, health: Health, title: str, open_paths: frozenset[str], lifespan: Lifespan
) -> FastAPI:
    keyless = open_paths if settings.api_key else None
    app = DocumentedApp(keyless, title=title, version=health.version, lifespan=lifespan)
    app.state.settings, app.state.health = settings, health  # for the server
    return app


def _include(app: FastAPI, probes: Sequence[APIRouter], routers: Sequence[APIRouter]) -> None:
    for router in probes:
        app.include_router(router)
    for router in routers:
        app.include_router(router, responses=errors(ServiceError, Unavailable))
    add_error_handlers(app)


def _door(settings: ServiceSettings, service: str) -> Door:
    if warning := exposure(settings):
        log.warning(warning)
    return Door(Hosts(service, settings.hosts), Origins(settings.allowed_origins))


def _open_to(app: FastAPI, origins: Sequence[str]) -> None:
    """Let pages of these origins read answers; no cookie counts here, so none is let through."""
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=("GET", "POST"),
            allow_headers=("*",),
            expose_headers=("x-request-id", "retry-after"),
        )


def _callers(settings: ServiceSettings, health: Health, *, counts_tokens: bool) -> Callers:
    file = KeyFile(settings.api_keys_file) if settings.api_keys_file else None
    if file:
        health.checks["keys"] = file.check
    return Callers(reveal(settings.api_key), file, counts_tokens=counts_tokens)


def _metrics_router(metrics: Metrics) -> APIRouter:
    router = APIRouter(tags=["health"])

    @router.get("/metrics", response_class=PlainTextResponse)
    def render_metrics() -> Response:
        """Prometheus metrics."""
        return metrics.render()

    return router
