"""`coderag export`: keeps the vectors of the server's index in a file."""

import time
from pathlib import Path

import typer

from code_rag.rag_server.backup_wire import EndEvent, ExportRequest, PartEvent, StartEvent
from code_rag.rag_server.cli.archive import Draft, Manifest
from code_rag.rag_server.cli.client import Client
from code_rag.rag_server.cli.failure import ExitCode, Failure
from code_rag.rag_server.cli.terminal import note

LINE_SECONDS = 5.0


def export(client: Client, file: Path, codebase: str | None) -> None:
    """Write the index to `file`; an interrupted export goes on where it stopped.

    Raises Failure if the server or the disk fails; what has come stays for the next try.
    """
    try:
        draft = Draft(file)
        manifest = _receive(client, draft, codebase)
        draft.finish()
    except OSError as error:
        message = (
            f"{file} cannot be written: {error.strerror}. Free the space or name another file, then repeat."
        )
        raise Failure(message, ExitCode.REFUSED) from error
    typer.echo(
        f"{file}: {manifest.vectors:,} vectors of {manifest.chunks:,} chunks in {manifest.files:,} files."
    )
    if not manifest.vectors:
        note("No vector was there yet: wait until `coderag status` shows some, then export again.")


def _receive(client: Client, draft: Draft, codebase: str | None) -> Manifest:
    after = draft.manifest.after if draft.manifest else ""
    request, shown = ExportRequest(codebase=codebase, after=after), time.monotonic()
    for name, data in client.events("/index/export", request):
        if name == StartEvent.NAME:
            start = client.read(data, StartEvent)
            manifest = draft.start(start.model, start.codebases)
        elif name == PartEvent.NAME:
            draft.add(client.read(data, PartEvent))
            if time.monotonic() - shown > LINE_SECONDS:
                shown = time.monotonic()
                typer.echo(f"Exported: {manifest.files:,} files.", err=True)
        elif name == EndEvent.NAME:
            return manifest
    message = "The export ended before all was there; repeat the command, and it goes on from here."
    raise Failure(message, ExitCode.UNAVAILABLE)
