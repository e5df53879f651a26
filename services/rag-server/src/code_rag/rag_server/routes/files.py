"""`GET /files/{path}`: the source behind a citation."""

from fastapi import APIRouter

from code_rag.rag_server.codebase.codebases import Codebases
from code_rag.rag_server.routes.inputs import source_of
from code_rag.rag_server.wire import FileResponse


def files_router(codebases: Codebases) -> APIRouter:
    """The file endpoint over `codebases`."""
    router = APIRouter(tags=["files"])

    @router.get("/files/{path:path}")
    def read(path: str) -> FileResponse:
        file = source_of(codebases, path)
        lines = len(file.lines) - file.text.endswith("\n")  # nothing follows the last line ending
        return FileResponse(path=file.path, language=file.language, text=file.text, lines=lines)

    return router
