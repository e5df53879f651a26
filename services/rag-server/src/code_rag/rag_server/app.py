"""rag-server's composition root."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Protocol

import structlog
from fastapi import APIRouter, FastAPI
from prometheus_client import Counter
from starlette.staticfiles import StaticFiles

from code_rag.rag_server import __version__
from code_rag.rag_server.adapters.process_pool import ProcessPool
from code_rag.rag_server.codebase.codebases import Codebases
from code_rag.rag_server.composition.discovery import options_of
from code_rag.rag_server.composition.surroundings import NOT_REDACTED, discreet, outside_of
from code_rag.rag_server.composition.under_way import count_under_way, search_precheck
from code_rag.rag_server.composition.use_cases import (
    AnswerOptions,
    Outside,
    UseCases,
    build_use_cases,
)
from code_rag.rag_server.index_options import IndexOptions
from code_rag.rag_server.mcp.endpoint import McpEndpoint
from code_rag.rag_server.progress import changed_sentence
from code_rag.rag_server.routes.ask import ask_router
from code_rag.rag_server.routes.backup import backup_router
from code_rag.rag_server.routes.chat.router import chat_router
from code_rag.rag_server.routes.evaluation import evaluation_router
from code_rag.rag_server.routes.files import files_router
from code_rag.rag_server.routes.index import index_router
from code_rag.rag_server.routes.overview import overview_router
from code_rag.rag_server.routes.page import ASSETS, OPEN_PATHS, STATIC, page_router
from code_rag.rag_server.routes.search import search_router
from code_rag.rag_server.routes.secrets import secrets_router
from code_rag.rag_server.routes.suggestions import suggestions_router
from code_rag.rag_server.routes.why_not import why_not_router
from code_rag.rag_server.settings import Settings
from code_rag.rag_server.space import move_between
from code_rag.servicekit.app import Lifespan, build_app
from code_rag.servicekit.cpu_quota import usable_cpus
from code_rag.servicekit.doors.exposure import exposure
from code_rag.servicekit.errors import ServiceError
from code_rag.servicekit.health import Check, CheckResult, Health
from code_rag.servicekit.logging import configure_logging
from code_rag.servicekit.metrics import Metrics
from code_rag.servicekit.settings import read_settings

log = structlog.get_logger(__name__)


class Closable(Protocol):
    """Something that is closed when the service stops."""

    async def close(self) -> None:
        """Close it."""


def create_app(settings: Settings, outside: Outside | None = None) -> FastAPI:
    """The service as an app; it closes `outside`, which is built from the settings unless given.

    Raises StoreUnusable if the embedded store cannot be opened.
    """
    metrics = Metrics()
    outside = discreet(outside or outside_of(settings), settings)
    use_cases = build_use_cases(
        Codebases(settings.codebase_path, options_of(settings)),
        outside,
        lambda reason: metrics.degradations.labels(reason).inc(),
        IndexOptions(ProcessPool(usable_cpus()), settings.last_vector),
        _answer_options(settings, metrics),
    )
    count_under_way(use_cases, metrics)
    parts = (outside.indexes.catalog if outside.indexes else outside.store, outside.embedder, outside.chat)
    contexts = (*(_closing(part) for part in parts), _indexing(use_cases, settings))
    checks = _checks(use_cases, outside) | ({} if settings.redact_secrets else {"secrets": _not_redacted})
    health = Health("rag-server", __version__, checks)
    return assemble(settings, use_cases, health, metrics, contexts)


def assemble(
    settings: Settings,
    use_cases: UseCases,
    health: Health,
    metrics: Metrics,
    contexts: Sequence[AbstractAsyncContextManager[None]] = (),
) -> FastAPI:
    """The app over the given use cases; `contexts` stay entered while it runs."""
    routers = _routers(use_cases, settings)
    endpoint = McpEndpoint(routers)
    app = build_app(
        settings,
        health,
        title="rag-server",
        routers=[*routers, endpoint.router()],
        lifespan=_lifespan(health, (*contexts, endpoint.open())),
        metrics=metrics,
        open_paths=OPEN_PATHS,
        precheck=search_precheck(use_cases),
    )
    app.mount(ASSETS, StaticFiles(directory=STATIC))
    return app


def create_app_from_environment() -> FastAPI:
    """The app with settings from the environment; configures logging too."""
    settings = read_settings(Settings)
    configure_logging("rag-server", settings.log_level, settings.environment)
    return create_app(settings)


def _answer_options(settings: Settings, metrics: Metrics) -> AnswerOptions:
    helped = Counter(
        "search_help", "Questions that a model was asked to word, by outcome", ["outcome"],
        registry=metrics.registry,
    )  # fmt: skip
    return AnswerOptions(
        settings.keep_answers,
        settings.context_tokens,
        settings.search_help_seconds,
        lambda outcome: helped.labels(outcome).inc(),
    )


def _routers(use_cases: UseCases, settings: Settings) -> list[APIRouter]:
    return [
        index_router(use_cases.codebases, use_cases.indexers, use_cases.searcher, use_cases.watchers),
        backup_router(use_cases.exporter, use_cases.importer, use_cases.codebases),
        secrets_router(use_cases.codebases, use_cases.indexers, redacted=settings.redact_secrets),
        why_not_router(use_cases.codebases, use_cases.searcher),
        search_router(
            use_cases.searcher,
            use_cases.callers,
            use_cases.similar,
            use_cases.codebases,
            use_cases.searches,
        ),
        evaluation_router(use_cases.evaluator, use_cases.codebases),
        ask_router(use_cases.keeper, use_cases.codebases),
        chat_router(use_cases.answerer, use_cases.codebases, settings.public_url),
        suggestions_router(use_cases.suggester, use_cases.codebases),
        overview_router(use_cases.introducer, use_cases.codebases),
        files_router(use_cases.codebases, use_cases.searcher),
        page_router(exposure(settings)),
    ]


def _lifespan(health: Health, contexts: Sequence[AbstractAsyncContextManager[None]]) -> Lifespan:
    """Enters `contexts` in order when the service starts, and exits them in reverse order when it stops."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        async with AsyncExitStack() as stack:
            for context in contexts:
                await stack.enter_async_context(context)
            health.ready()
            yield

    return lifespan


@asynccontextmanager
async def _closing(part: Closable) -> AsyncGenerator[None]:
    try:
        yield
    finally:
        await part.close()


@asynccontextmanager
async def _indexing(use_cases: UseCases, settings: Settings) -> AsyncGenerator[None]:
    """Indexes and watches in the background until the service stops, which interrupts it."""

    async def start() -> None:
        if mover := use_cases.mover:
            await mover.begin()
        if settings.index_on_start:
            await use_cases.indexers.start()
        if mover:
            await mover.follow()

    tasks = [asyncio.create_task(start())]
    if settings.watch:
        tasks.append(asyncio.create_task(use_cases.watchers.run()))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await use_cases.indexers.close()


def _checks(use_cases: UseCases, outside: Outside) -> dict[str, Check]:
    """What `/health` checks; none of it is fatal, since each part can recover by itself."""

    async def store() -> None:
        await use_cases.searcher.store.ping()

    async def index() -> CheckResult:
        await use_cases.indexers.look()
        report, each = use_cases.watchers.report(), use_cases.watchers.reports()
        if trouble := use_cases.mover and use_cases.mover.trouble:
            return CheckResult("degraded", trouble)
        missing = []
        if meanwhile := move_between(use_cases.searcher.space, use_cases.indexers.space):
            missing.append(f"{meanwhile[0].upper()}{meanwhile[1:]}.")
        if any(one.state in ("failed", "waiting") for _, one in each):
            missing.append(report.detail)
        if report.changed and not missing:
            missing.append(f"{changed_sentence(report.changed)}.")
        if missing:
            return CheckResult("degraded", " ".join(missing))
        return CheckResult("ok", report.detail or use_cases.watchers.how())

    return {
        "vector-db": _check(store),
        "embedding-server": _check(outside.embedder.ping),
        "llm-server": _check(outside.chat.ping),
        "index": index,
    }


async def _not_redacted() -> CheckResult:
    return CheckResult("degraded", NOT_REDACTED)


def _check(ping: Callable[[], Awaitable[str | None]]) -> Check:
    async def check() -> CheckResult:
        try:
            return CheckResult("ok", await ping() or "")
        except ServiceError as error:
            return CheckResult("degraded", error.message)

    return check
