"""`POST /search`: the code that matches a query, that uses a symbol, or that is similar to a place."""

from fastapi import APIRouter

from code_rag.rag_server.callers import CallerFinder
from code_rag.rag_server.codebase.codebases import Codebases
from code_rag.rag_server.lookup_wire import CallersResponse, SimilarResponse
from code_rag.rag_server.routes.inputs import clean_query, only_one_of, path_of, scope_of
from code_rag.rag_server.searching import Searcher
from code_rag.rag_server.similarity import SimilarFinder
from code_rag.rag_server.wire import SearchHit, SearchRequest, SearchResponse
from code_rag.servicekit.errors import NotFound
from code_rag.servicekit.openapi import errors


def search_router(
    searcher: Searcher, callers: CallerFinder, similar: SimilarFinder, codebases: Codebases
) -> APIRouter:
    """The search endpoint over the three ways to search."""
    router = APIRouter(tags=["search"])

    @router.post("/search", responses=errors(NotFound))
    async def search(request: SearchRequest) -> SearchResponse | CallersResponse | SimilarResponse:
        """The code that matches a query, that uses a symbol, or that is similar to a place."""
        only_one_of(query=request.query, callers_of=request.callers_of, similar_to=request.similar_to)
        scope = scope_of(codebases, request.path, request.language, request.codebase)
        limit, place = request.limit, request.similar_to
        if request.callers_of is not None:
            symbol = clean_query(request.callers_of, "callers_of")
            return CallersResponse.of(await callers.find_callers(symbol, scope, limit), codebases.name_of)
        if place is not None:
            path = path_of(place.path, "similar_to")
            return SimilarResponse.of(
                await similar.find_similar(path, place.line, scope, limit), codebases.name_of
            )
        found = await searcher.search(clean_query(request.query or "", "query"), scope, limit)
        return SearchResponse(
            hits=[SearchHit.of(hit) for hit in found.hits],
            degraded=list(found.degraded),
            timings=found.timings,
        )

    return router
