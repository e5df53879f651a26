"""`GET /index/why-not`: why a file or folder is not in the index."""

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool

from code_rag.rag_server.codebase.codebases import Codebases
from code_rag.rag_server.routes.inputs import exclusion_of
from code_rag.rag_server.searching import Searcher
from code_rag.rag_server.wire import WhyNot


def why_not_router(codebases: Codebases, searcher: Searcher) -> APIRouter:
    """The endpoint over `codebases`; `searcher` has the store."""
    router = APIRouter(tags=["index"])

    @router.get("/index/why-not")
    async def why_not(path: str = Query(max_length=4096)) -> WhyNot:
        asked, exclusion = await run_in_threadpool(exclusion_of, codebases, path)
        if exclusion:
            return WhyNot(
                path=asked,
                reason=exclusion.reason,
                left_out=exclusion.path,
                rule=exclusion.rule,
                explanation=exclusion.explanation,
                advice=exclusion.advice,
            )
        stored = await searcher.store.files(asked)
        chunks = sum(file.chunks for file in stored.values())
        explanation = "It is indexed." if chunks else "Nothing keeps it out, and none of it is indexed yet."
        advice = "" if chunks else "The next index run reads it: run `coderag index`."
        return WhyNot(path=asked, explanation=explanation, advice=advice, chunks=chunks)

    return router
