"""`GET /index/why-not`: why a file or folder is not in the index."""

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool

from code_rag.rag_server.codebase.codebases import Codebases
from code_rag.rag_server.routes.inputs import exclusion_of
from code_rag.rag_server.searching import Searcher
from code_rag.rag_server.wire import ExactPath, WhyNot
from code_rag.servicekit.errors import NotFound
from code_rag.servicekit.openapi import errors


def why_not_router(codebases: Codebases, searcher: Searcher) -> APIRouter:
    """The endpoint over `codebases`; `searcher` has the store."""
    router = APIRouter(tags=["index"])

    @router.get("/index/why-not", responses=errors(NotFound))
    async def why_not(path: ExactPath) -> WhyNot:
        """Why a file or folder is left out of the index, and what overrules it."""
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
