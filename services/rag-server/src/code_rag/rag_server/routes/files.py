"""`GET /files/{path}`: the source behind a citation; `GET /files` lists what is indexed."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.convertors import PathConvertor, register_url_convertor

from code_rag.rag_server.codebase.codebases import Codebases
from code_rag.rag_server.routes.inputs import path_in, source_of
from code_rag.rag_server.searching import Searcher
from code_rag.rag_server.wire import CodebaseName, FileList, FileResponse
from code_rag.servicekit.errors import NotFound
from code_rag.servicekit.openapi import errors

_NO_NUL = {"not": {"pattern": r"\x00"}}


class _WholePathConvertor(PathConvertor):
    """A path to the end of the address: the framework's own ends at a line feed, which a name may hold."""

    regex = "(?s:.*)"


register_url_convertor("whole_path", _WholePathConvertor())


def files_router(codebases: Codebases, searcher: Searcher) -> APIRouter:
    """The file endpoints: `codebases` read, `searcher` knows what is indexed."""
    router = APIRouter(tags=["files"])

    @router.get("/files", responses=errors(NotFound))
    async def list_files(
        after: Annotated[str, Query(max_length=4096)] = "",
        limit: Annotated[int, Query(ge=1, le=1000)] = 200,
        codebase: CodebaseName | None = None,
    ) -> FileList:
        """The paths of the indexed files, in order, those after `after` first."""
        folder = path_in(codebases, "", codebase)
        paths = sorted(
            path
            for path in await searcher.store.counts()
            if path > after and (not folder or path.startswith(f"{folder}/"))
        )
        page = paths[:limit]
        return FileList(paths=page, next=page[-1] if len(paths) > limit else "")

    @router.get("/files/{path:whole_path}", responses=errors(NotFound))
    def read(path: Annotated[str, Path(json_schema_extra=_NO_NUL)]) -> FileResponse:
        """A source file of the codebase as it is on disk now."""
        file = source_of(codebases, path)
        lines = len(file.lines) - file.text.endswith("\n")  # nothing follows the last line ending
        return FileResponse(path=file.path, language=file.language, text=file.text, lines=lines)

    return router
