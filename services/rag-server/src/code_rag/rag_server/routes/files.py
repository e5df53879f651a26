"""`GET /files/{path}`: the source behind a citation."""

from typing import Annotated

from fastapi import APIRouter, Path

from code_rag.rag_server.codebase.codebases import Codebases
from code_rag.rag_server.routes.inputs import source_of
from code_rag.rag_server.wire import FileResponse
from code_rag.servicekit.errors import NotFound
from code_rag.servicekit.openapi import errors

_NO_NUL = {"not": {"pattern": r"\x00"}}


def files_router(codebases: Codebases) -> APIRouter:
    """The file endpoint over `codebases`."""
    router = APIRouter(tags=["files"])

    @router.get("/files/{path:path}", responses=errors(NotFound))
    def read(path: Annotated[str, Path(json_schema_extra=_NO_NUL)]) -> FileResponse:
        """A source file of the codebase as it is on disk now."""
        file = source_of(codebases, path)
        lines = len(file.lines) - file.text.endswith("\n")  # nothing follows the last line ending
        return FileResponse(path=file.path, language=file.language, text=file.text, lines=lines)

    return router
