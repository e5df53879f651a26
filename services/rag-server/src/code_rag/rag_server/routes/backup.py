"""`POST /index/export` hands the vectors of the index out, `POST /index/import` takes them in."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from fastapi import APIRouter, Response

from code_rag.rag_server.backup_wire import (
    EndEvent,
    ExportRequest,
    Imported,
    ImportRequest,
    Missing,
    MissingRequest,
    ModelPrint,
    PartEvent,
    StartEvent,
)
from code_rag.rag_server.codebase.codebases import Codebases
from code_rag.rag_server.exporting import Exporter, Part
from code_rag.rag_server.importing import Importer
from code_rag.rag_server.routes.inputs import keys_in, path_in, vectors_in
from code_rag.rag_server.vector_table import written_keys
from code_rag.servicekit.errors import NotFound
from code_rag.servicekit.openapi import errors, events
from code_rag.servicekit.streaming import EventStream
from code_rag.servicekit.wire.errors import ErrorEvent
from code_rag.servicekit.wire.events import event

_EVENTS = events(StartEvent, PartEvent, EndEvent, ErrorEvent)


def backup_router(exporter: Exporter, importer: Importer, codebases: Codebases) -> APIRouter:
    """The endpoints over both directions."""
    router = APIRouter(tags=["index"], prefix="/index")

    @router.post(
        "/export", response_model=None, response_class=Response, responses=errors(NotFound) | _EVENTS
    )
    async def export(request: ExportRequest) -> EventStream:
        """The vectors of the index, by the keys of their texts."""
        path = path_in(codebases, "", request.codebase)
        names = [request.codebase] if request.codebase else list(codebases.names)
        model, parts = exporter.export(path, request.after)
        start = StartEvent(model=ModelPrint.of(model), codebases=names)
        return EventStream(_encoded(start, parts), error_name=ErrorEvent.NAME)

    @router.post("/import/missing")
    async def missing(request: MissingRequest) -> Missing:
        """Which of these keys have no vector here."""
        keys = keys_in(request.keys)
        return Missing(keys=written_keys(await importer.missing(request.model.origin(), keys)))

    @router.post("/import")
    async def take(request: ImportRequest) -> Imported:
        """Take in vectors that another index of the same model exported."""
        vectors = vectors_in(request.data, request.model.dimension)
        await importer.take(request.model.origin(), vectors)
        return Imported(vectors=len(vectors))

    return router


async def _encoded(start: StartEvent, parts: AsyncGenerator[Part, None]) -> AsyncGenerator[str, None]:
    async with aclosing(parts):
        yield event(start.model_dump(), start.NAME)
        async for part in parts:
            yield event(PartEvent.of(part).model_dump(), PartEvent.NAME)
        yield event({}, EndEvent.NAME)
