"""`POST /search`: the code that matches a query, that uses a symbol, or that is similar to a place."""

from dataclasses import dataclass

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
    ways = _Ways(searcher, callers, similar, codebases)

    @router.post("/search", responses=errors(NotFound, Overloaded))
    async def search(request: SearchRequest) -> SearchResponse | CallersResponse | SimilarResponse:
        """The code that matches a query, that uses a symbol, or that is similar to a place."""
        only_one_of(query=request.query, callers_of=request.callers_of, similar_to=request.similar_to)
        scope = scope_of(codebases, request.path, request.language, request.codebase)
        async with searches.slot():
            if request.callers_of is not None:
                return await ways.callers_of(request.callers_of, scope, request.limit)
            if request.similar_to is not None:
                return await ways.similar_to(request.similar_to, scope, request.limit)
            return await ways.matching(request.query or "", scope, request.limit)

    return router


@dataclass(frozen=True, slots=True)
class _Ways:
    """The three ways to search."""

    searcher: Searcher
    callers: CallerFinder
    similar: SimilarFinder
    codebases: Codebases

    async def matching(self, query: str, scope: Scope, limit: int) -> SearchResponse:
        found = await self.searcher.search(clean_query(query, "query"), scope, limit)
        return SearchResponse(
            hits=[SearchHit.of(hit) for hit in found.hits],
            degraded=list(found.degraded),
            timings=found.timings,
        )

    async def callers_of(self, name: str, scope: Scope, limit: int) -> CallersResponse:
        found = await self.callers.find_callers(clean_query(name, "callers_of"), scope, limit)
        return CallersResponse.of(found, self.codebases.name_of)

    async def similar_to(self, place: CodePlace, scope: Scope, limit: int) -> SimilarResponse:
        path = path_of(place.path, "similar_to")
        found = await self.similar.find_similar(path, place.line, scope, limit)
        return SimilarResponse.of(found, self.codebases.name_of)
