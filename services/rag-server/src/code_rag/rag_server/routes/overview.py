"""`GET /overview`: what a codebase is, how it is laid out and where it starts."""

from fastapi import APIRouter

from code_rag.rag_server.codebase.codebases import Codebases
from code_rag.rag_server.introducing import Introducer
from code_rag.rag_server.overview_wire import OverviewResponse
from code_rag.rag_server.routes.inputs import scope_of
from code_rag.rag_server.wire import CodebaseName, InnerPath
from code_rag.servicekit.errors import NotFound
from code_rag.servicekit.openapi import errors


def overview_router(introducer: Introducer, codebases: Codebases) -> APIRouter:
    """The overview endpoint over `introducer`."""
    router = APIRouter(tags=["search"])

    @router.get("/overview", responses=errors(NotFound))
    async def overview(path: InnerPath = "", codebase: CodebaseName | None = None) -> OverviewResponse:
        """What the codebase or a folder of it is, from its own files; no model is asked."""
        scope = scope_of(codebases, path, None, codebase)
        return OverviewResponse.of(await introducer.introduce(scope), codebases.names)

    return router
