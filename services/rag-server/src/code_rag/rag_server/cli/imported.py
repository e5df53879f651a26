"""`coderag import`: gives the server the vectors of a file, so that only what differs is embedded."""

import time
from pathlib import Path

import typer

from code_rag.rag_server import vector_table
from code_rag.rag_server.backup_wire import (
    Imported,
    ImportRequest,
    Missing,
    MissingRequest,
    ModelPrint,
    sha256,
)
from code_rag.rag_server.cli.archive import opened
from code_rag.rag_server.cli.client import Client
from code_rag.rag_server.cli.index import index
from code_rag.rag_server.vector_table import KEY_BYTES, read_keys, row_bytes, rows

LINE_SECONDS = 5.0


def import_file(client: Client, file: Path, *, wait: bool) -> None:
    """Check `file`, send the vectors that the server is missing, and have it index with them.

    Raises Failure for a damaged file before anything is sent, and if the server refuses the vectors.
    """
    with opened(file) as archive:
        manifest, new, shown = archive.manifest, 0, time.monotonic()
        for number, entry in enumerate(manifest.parts):
            new += _send(client, manifest.model, archive.part(entry))
            if time.monotonic() - shown > LINE_SECONDS:
                shown = time.monotonic()
                typer.echo(f"Imported: {100 * (number + 1) // len(manifest.parts)} %.", err=True)
    typer.echo(f"Imported: {new:,} vectors; the server had the other {manifest.vectors - new:,}.")
    index(client, "", None, prune=False, wait=wait, as_json=False)


def _send(client: Client, model: ModelPrint, part: bytes) -> int:
    """Send the rows that the server is missing; how many they were."""
    by_key = dict(zip(_keys(part, model), rows(part, row_bytes(model.dimension)), strict=True))
    request = MissingRequest(model=model, keys=vector_table.written_keys(by_key))
    missing = read_keys(client.post("/index/import/missing", request, Missing).keys)
    if not missing:
        return 0
    data = b"".join(by_key[key] for key in missing)
    request_with_rows = ImportRequest(model=model, data=data, sha256=sha256(data))
    return client.post("/index/import", request_with_rows, Imported).vectors


def _keys(part: bytes, model: ModelPrint) -> list[str]:
    return read_keys(b"".join(row[:KEY_BYTES] for row in rows(part, row_bytes(model.dimension))))
