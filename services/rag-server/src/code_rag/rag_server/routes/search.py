"""`POST /search`: the code that matches a query."""

from fastapi import APIRouter

from code_rag.rag_server.codebase.codebases import Codebases
from code_rag.rag_server.routes.inputs import clean_query, scope_of
from code_rag.rag_server.searching import Searcher
from code_rag.rag_server.wire import SearchHit, SearchRequest, SearchResponse


def search_router(searcher: Searcher, codebases: Codebases) -> APIRouter:
    """The search endpoint over `searcher`."""
    router = APIRouter(tags=["search"])

    @router.post("/search")
    async def search(request: SearchRequest) -> SearchResponse:
        query = clean_query(request.query, "query")
        scope = scope_of(codebases, request.path, request.language, request.codebase)
        found = await searcher.search(query, scope, request.limit)
        return SearchResponse(
            hits=[SearchHit.of(hit) for hit in found.hits],
            degraded=list(found.degraded),
            timings=found.timings,
        )

    return router
