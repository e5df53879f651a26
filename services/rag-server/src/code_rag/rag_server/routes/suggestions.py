"""`GET /suggestions`: questions to start with, made from what is indexed."""

from fastapi import APIRouter

from code_rag.rag_server.answer_wire import Suggestions
from code_rag.rag_server.codebase.codebases import Codebases
from code_rag.rag_server.routes.inputs import scope_of
from code_rag.rag_server.suggesting import Suggester
from code_rag.rag_server.wire import CodebaseName
from code_rag.servicekit.errors import NotFound
from code_rag.servicekit.openapi import errors


def suggestions_router(suggester: Suggester, codebases: Codebases) -> APIRouter:
    """The suggestions endpoint over `suggester`."""
    router = APIRouter(tags=["ask"])

    @router.get("/suggestions", responses=errors(NotFound))
    async def suggest(codebase: CodebaseName | None = None) -> Suggestions:
        """Up to four questions that the index answers; none while nothing is indexed."""
        questions = await suggester.suggest(scope_of(codebases, None, None, codebase))
        return Suggestions(questions=list(questions))

    return router
