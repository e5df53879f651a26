"""`POST /index` updates the index; `GET /index` reports its progress."""

from fastapi import APIRouter

from code_rag.rag_server.indexing import Indexer
from code_rag.rag_server.searching import Searcher
from code_rag.rag_server.wire import IndexRequest, IndexStatus


def index_router(indexer: Indexer, searcher: Searcher) -> APIRouter:
    """The index endpoints: `indexer` does the work, `searcher` counts what is searchable."""
    router = APIRouter(tags=["index"])

    async def status() -> IndexStatus:
        return IndexStatus.of(indexer.status(), await searcher.searchable())

    @router.get("/index")
    async def read() -> IndexStatus:
        return await status()

    @router.post("/index", status_code=202)
    async def start(request: IndexRequest | None = None) -> IndexStatus:
        indexer.start(request.path if request else "")
        return await status()

    return router
