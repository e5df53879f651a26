"""`POST /search`: the code that matches a query, that uses a symbol, or that is similar to a place."""

from fastapi import APIRouter

from code_rag.rag_server.admission import Admission
from code_rag.rag_server.callers import CallerFinder
from code_rag.rag_server.codebase.codebases import Codebases
from code_rag.rag_server.lookup_wire import CallersResponse, SimilarResponse
from code_rag.rag_server.model import Scope
from code_rag.rag_server.routes.inputs import clean_query, only_one_of, path_of, scope_of
from code_rag.rag_server.searching import Searcher
from code_rag.rag_server.similarity import SimilarFinder
from code_rag.rag_server.wire import CodePlace, SearchHit, SearchRequest, SearchResponse
from code_rag.servicekit.errors import NotFound, Overloaded
from code_rag.servicekit.openapi import errors


def search_router(
    searcher: Searcher,
    callers: CallerFinder,
    similar: SimilarFinder,
    codebases: Codebases,
    searches: Admission,
) -> APIRouter:
    """The search endpoint over the three ways to search, each in a slot of `searches`."""
    router = APIRouter(tags=["search"])

    @router.post("/search", responses=errors(NotFound, Overloaded))
    async def search(request: SearchRequest) -> SearchResponse | CallersResponse | SimilarResponse:
        """The code that matches a query, that uses a symbol, or that is similar to a place."""
        only_one_of(query=request.query, callers_of=request.callers_of, similar_to=request.similar_to)
        scope = scope_of(codebases, request.path, request.language, request.codebase)
        async with searches.slot():
            if request.callers_of is not None:
                return await callers_of(request, request.callers_of, scope)
            if request.similar_to is not None:
                return await similar_to(request, request.similar_to, scope)
            return await matching(request, scope)

    async def matching(request: SearchRequest, scope: Scope) -> SearchResponse:
        found = await searcher.search(clean_query(request.query or "", "query"), scope, request.limit)
        return SearchResponse(
            hits=[SearchHit.of(hit) for hit in found.hits],
            degraded=list(found.degraded),
            timings=found.timings,
        )

    async def callers_of(request: SearchRequest, name: str, scope: Scope) -> CallersResponse:
        found = await callers.find_callers(clean_query(name, "callers_of"), scope, request.limit)
        return CallersResponse.of(found, codebases.name_of)

    async def similar_to(request: SearchRequest, place: CodePlace, scope: Scope) -> SimilarResponse:
        path = path_of(place.path, "similar_to")
        found = await similar.find_similar(path, place.line, scope, request.limit)
        return SimilarResponse.of(found, codebases.name_of)

    return router
