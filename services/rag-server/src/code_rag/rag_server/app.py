"""rag-server's composition root."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import APIRouter, FastAPI
from starlette.staticfiles import StaticFiles

from code_rag.rag_server import __version__
from code_rag.rag_server.adapters.chat_client import ChatClient
from code_rag.rag_server.adapters.embedding_client import DIMENSION, MODEL, EmbeddingClient
from code_rag.rag_server.adapters.qdrant_edge import open_edge_store
from code_rag.rag_server.adapters.qdrant_payload import index_name
from code_rag.rag_server.answering import Answerer
from code_rag.rag_server.codebase import Codebase
from code_rag.rag_server.indexing import Indexer
from code_rag.rag_server.ports import ChatModel, Embedder, VectorStore
from code_rag.rag_server.routes.ask import ask_router
from code_rag.rag_server.routes.chat import chat_router
from code_rag.rag_server.routes.files import files_router
from code_rag.rag_server.routes.index import index_router
from code_rag.rag_server.routes.page import ASSETS, OPEN_PATHS, STATIC, page_router
from code_rag.rag_server.routes.search import search_router
from code_rag.rag_server.searching import Searcher
from code_rag.rag_server.settings import Settings
from code_rag.servicekit.app import Lifespan, build_app
from code_rag.servicekit.errors import ServiceError
from code_rag.servicekit.health import Check, CheckResult, Health
from code_rag.servicekit.logging import configure_logging
from code_rag.servicekit.metrics import Metrics
from code_rag.servicekit.settings import read_settings, reveal


def open_store(settings: Settings) -> VectorStore:
    """The vector store that the settings ask for.

    A Qdrant server may be away for now; the embedded store raises StoreUnusable where it cannot be opened.
    """
    name = index_name(settings.collection, MODEL, DIMENSION)
    if settings.vector_db_url:
        # Here alone: importing Qdrant's client takes as long as all the rest of the start.
        from code_rag.rag_server.adapters.qdrant_server import ServerStore, connect

        client = connect(settings.vector_db_url, reveal(settings.vector_db_api_key))
        return ServerStore(client, name, DIMENSION)
    return open_edge_store(settings.data_dir / name, DIMENSION)


def create_app(
    settings: Settings,
    *,
    store: VectorStore | None = None,
    embedder: Embedder | None = None,
    chat: ChatModel | None = None,
) -> FastAPI:
    """The service as an app; what it works with comes from the settings unless given, and lives as long.

    Raises StoreUnusable as `open_store` does.
    """
    metrics = Metrics()
    store = store or open_store(settings)
    embedder = embedder or EmbeddingClient(settings.embedding_server_url, settings.api_key)
    chat = chat or ChatClient(settings.llm_server_url, settings.api_key)
    codebase = Codebase(settings.codebase_path)
    indexer = Indexer(codebase, store, embedder)
    health = Health("rag-server", __version__, _checks(store, embedder, chat, indexer))

    app = build_app(
        settings,
        health,
        title="rag-server",
        routers=_routers(codebase, store, embedder, chat, indexer, metrics),
        lifespan=_lifespan(settings, health, indexer, (store, embedder, chat)),
        metrics=metrics,
        open_paths=OPEN_PATHS,
    )
    app.mount(ASSETS, StaticFiles(directory=STATIC))
    return app


def create_app_from_environment() -> FastAPI:
    """The app as the environment configures it, logging too, for a reloader."""
    settings = read_settings(Settings)
    configure_logging("rag-server", settings.log_level, settings.environment)
    return create_app(settings)


def _routers(
    codebase: Codebase,
    store: VectorStore,
    embedder: Embedder,
    chat: ChatModel,
    indexer: Indexer,
    metrics: Metrics,
) -> list[APIRouter]:
    def count_degradation(reason: str) -> None:
        metrics.degradations.labels(reason).inc()

    searcher = Searcher(store, embedder, indexer.status, count_degradation)
    answerer = Answerer(searcher, chat, codebase.lines, count_degradation)
    return [
        index_router(indexer, searcher),
        search_router(searcher),
        ask_router(answerer),
        chat_router(answerer),
        files_router(codebase),
        page_router(),
    ]


def _lifespan(
    settings: Settings, health: Health, indexer: Indexer, parts: Sequence[VectorStore | Embedder | ChatModel]
) -> Lifespan:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        async with AsyncExitStack() as closing:
            for part in (*parts, indexer):  # closed in reverse: the indexer uses the others
                closing.push_async_callback(part.close)
            if settings.index_on_start:
                indexer.start()
            health.ready()
            yield

    return lifespan


def _checks(store: VectorStore, embedder: Embedder, chat: ChatModel, indexer: Indexer) -> dict[str, Check]:
    """What `/health` looks at; nothing here is fatal, since each part comes back by itself."""

    async def index() -> CheckResult:
        report = indexer.status()
        return CheckResult("degraded" if report.state == "failed" else "ok", report.detail)

    return {
        "vector-db": _check(store.ping),
        "embedding-server": _check(embedder.ping),
        "llm-server": _check(chat.ping),
        "index": index,
    }


def _check(ping: Callable[[], Awaitable[str | None]]) -> Check:
    async def check() -> CheckResult:
        try:
            return CheckResult("ok", await ping() or "")
        except ServiceError as error:
            return CheckResult("degraded", error.message)

    return check
