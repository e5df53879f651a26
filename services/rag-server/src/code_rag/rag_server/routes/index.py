"""`POST /index` updates the index; `GET /index` reports its progress."""

from dataclasses import asdict

from fastapi import APIRouter

from code_rag.rag_server.codebase.codebases import Codebases
from code_rag.rag_server.indexers import Indexers
from code_rag.rag_server.progress import Searchable
from code_rag.rag_server.routes.inputs import path_in
from code_rag.rag_server.searching import Searcher
from code_rag.rag_server.space import Space, move_between
from code_rag.rag_server.watchers import Watchers
from code_rag.rag_server.wire import (
    CodebaseName,
    CodebaseStatus,
    IndexModel,
    IndexRequest,
    IndexStatus,
    NextIndex,
)
from code_rag.servicekit.errors import NotFound
from code_rag.servicekit.openapi import errors


def index_router(
    codebases: Codebases, indexers: Indexers, searcher: Searcher, watchers: Watchers
) -> APIRouter:
    """The index endpoints: `indexers` work, `watchers` report, `searcher` counts what is searchable."""
    router = APIRouter(tags=["index"], responses=errors(NotFound))

    @router.get("/index")
    async def read(codebase: CodebaseName | None = None) -> IndexStatus:
        """The state of indexing, in all or of one codebase, and what is searchable now."""
        path = path_in(codebases, "", codebase)
        await watchers.refresh(path)
        return await _status(path, indexers, searcher, watchers)

    @router.post("/index", status_code=202)
    async def start(asked: IndexRequest) -> IndexStatus:
        """Start to index a codebase, or a part of it."""
        path = path_in(codebases, asked.path, asked.codebase)
        await indexers.start(path, prune=asked.prune)
        return await _status(path, indexers, searcher, watchers)

    return router


async def _status(path: str, indexers: Indexers, searcher: Searcher, watchers: Watchers) -> IndexStatus:
    await indexers.look()
    reports = [(member.name, report) for member, report in watchers.reports(path)]
    counted = await searcher.searchable([name for name, _ in reports])
    each = [
        CodebaseStatus.of(name, report, counted[at] if counted else None)
        for at, (name, report) in enumerate(reports)
    ]
    status = IndexStatus.of(watchers.report(path), Searchable.sum(counted) if counted else None, each)
    status.model = _model(searcher.space)
    if meanwhile := move_between(searcher.space, indexers.space):
        filled = await searcher.searchable([name for name, _ in reports], indexers.space.store)
        found = Searchable.sum(filled) if filled else None
        status.next = NextIndex(model=_model(indexers.space), searchable=found, meanwhile=meanwhile)
    return status


def _model(space: Space) -> IndexModel:
    return IndexModel.model_validate(asdict(space.embedder.model))
