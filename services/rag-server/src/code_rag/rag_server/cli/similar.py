"""`coderag similar`: code that is similar to a place."""

import os
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import quote

import typer

from code_rag.rag_server.cli.client import Client
from code_rag.rag_server.cli.failure import ExitCode, Failure
from code_rag.rag_server.cli.search import heading, snippet
from code_rag.rag_server.cli.terminal import note, print_json, stdout, visible_line
from code_rag.rag_server.lookup_wire import SimilarResponse
from code_rag.rag_server.wire import CodePlace, FileResponse, SearchRequest

NOT_FOUND = 404
MAX_LINE = 2**31 - 1


def similar(client: Client, place: str, *, limit: int, within: Mapping[str, Any], as_json: bool) -> None:
    """Print the chunks that are like the one at `place`; raises Failure when there are none."""
    file, line = _parsed(place)
    request = SearchRequest.model_construct(
        query=None,
        callers_of=None,
        similar_to=CodePlace(path=_indexed_path(client, file), line=line),
        limit=limit,
        **within,
    )
    found = client.post("/search", request, SimilarResponse)
    for reason in found.degraded:
        note(reason)
    if as_json:
        print_json(found)
    else:
        _print(found)
    if not found.hits:
        raise Failure("Nothing in the index is similar.", ExitCode.NOTHING_FOUND)


def _parsed(place: str) -> tuple[str, int]:
    file, _, line = place.rpartition(":")
    if not file or not line.isdecimal() or not 1 <= int(line) <= MAX_LINE:
        message = f"{visible_line(place)} is no place: write FILE:LINE, such as orders/refunds.py:12."
        raise Failure(message, ExitCode.REFUSED)
    return file, int(line)


def _indexed_path(client: Client, file: str) -> str:
    """The path of the file in the codebase; given from there, from the current folder or as a whole path.

    The server does not say where its codebase is, so each end of the whole path is tried, the longest first,
    and a file on this machine must have the text of the indexed one.
    """
    absolute = Path(os.path.abspath(file))  # noqa: PTH100 – a resolved link may lead out of the codebase
    ends = ["/".join(absolute.parts[start:]) for start in range(1, len(absolute.parts))]
    local = _local_text(absolute)
    given = (
        [] if PurePath(file).is_absolute() or ".." in PurePath(file).parts else [PurePath(file).as_posix()]
    )
    for end in [*given, *(ends if local is not None else [])]:
        known = _known_text(client, end)
        if known is not None and local in (None, known):
            return end
    raise Failure(f"{visible_line(file)} is not in the indexed codebase.", ExitCode.REFUSED)


def _local_text(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


def _known_text(client: Client, path: str) -> str | None:
    try:
        return client.get(f"/files/{quote(path)}", FileResponse).text
    except Failure as failure:
        if failure.status == NOT_FOUND:
            return None
        raise


def _print(found: SimilarResponse) -> None:
    subject = found.similar_to
    symbol = visible_line(f"  {subject.symbol}") if subject.symbol else ""
    place = visible_line(f"{subject.path}:{subject.start_line}-{subject.end_line}")
    typer.echo(f"Similar to {place}{symbol}:")
    console = stdout()
    for hit in found.hits:
        console.print()
        console.print(heading(hit, "a copy" if hit.is_copy else ""))
        for line in snippet(console, hit):
            console.print(line)
