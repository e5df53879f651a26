"""`coderag callers`: the places that use a definition."""

from collections.abc import Mapping
from typing import Any

import typer

from code_rag.rag_server.cli.client import Client
from code_rag.rag_server.cli.failure import ExitCode, Failure
from code_rag.rag_server.cli.terminal import note, print_json, stdout, visible_line
from code_rag.rag_server.lookup_wire import CallerHit, CallersResponse
from code_rag.rag_server.wire import SearchRequest


def callers(client: Client, symbol: str, *, limit: int, within: Mapping[str, Any], as_json: bool) -> None:
    """Print the lines that use `symbol`; raises Failure when there are none."""
    request = SearchRequest.model_construct(
        query=None, callers_of=symbol, similar_to=None, limit=limit, **within
    )
    found = client.post("/search", request, CallersResponse)
    for reason in found.degraded:
        note(reason)
    if as_json:
        print_json(found)
    else:
        _print(found)
    for remark in found.notes:
        note(remark)
    if not found.hits:
        raise Failure(f"No place in the index uses {visible_line(symbol)}.", ExitCode.NOTHING_FOUND)


def _print(found: CallersResponse) -> None:
    for definition in found.definitions:
        place = visible_line(f"{definition.path}:{definition.line}")
        typer.echo(f"{visible_line(definition.symbol)} is defined at {place}")
    for hit in found.hits:
        _print_uses(hit)


def _print_uses(hit: CallerHit) -> None:
    from rich.text import Text

    console = stdout()
    for use in hit.uses:
        place = visible_line(f"{hit.path}:{use.line}")
        within = visible_line(f"  in {use.symbol}") if use.symbol else ""
        console.print(
            Text.assemble((place, "bold cyan"), (within, "bold"), (f"  {use.resolution.value}", "dim"))
        )
        console.print(Text(f"    {visible_line(use.text)}"))
