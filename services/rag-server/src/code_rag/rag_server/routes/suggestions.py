"""`GET /suggestions`: questions to start with, made from what is indexed."""

from fastapi import APIRouter

from code_rag.rag_server.answer_wire import Suggestions
from code_rag.rag_server.codebase.codebases import Codebases
from code_rag.rag_server.routes.inputs import scope_of
from code_rag.rag_server.suggesting import Suggester


def suggestions_router(suggester: Suggester, codebases: Codebases) -> APIRouter:
    """The suggestions endpoint over `suggester`."""
    router = APIRouter(tags=["ask"])

    @router.get("/suggestions")
    async def suggest(codebase: str | None = None) -> Suggestions:
        questions = await suggester.suggest(scope_of(codebases, None, None, codebase))
        return Suggestions(questions=list(questions))

    return router
