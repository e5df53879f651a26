"""`GET /files/{path}`: the source behind a citation."""

from fastapi import APIRouter

from code_rag.rag_server.codebase import Codebase
from code_rag.rag_server.wire import FileResponse


def files_router(codebase: Codebase) -> APIRouter:
    """The file endpoint over `codebase`."""
    router = APIRouter(tags=["files"])

    @router.get("/files/{path:path}")
    def read(path: str) -> FileResponse:
        file = codebase.read(path)
        lines = file.text.count("\n") + (not file.text.endswith("\n"))
        return FileResponse(path=file.path, language=file.language, text=file.text, lines=lines)

    return router
