"""`coderag search`: code that matches a query, best first."""

from typing import TYPE_CHECKING

from code_rag.rag_server.cli.client import Client
from code_rag.rag_server.cli.failure import ExitCode, Failure
from code_rag.rag_server.cli.terminal import note, print_json, stdout, visible, visible_line
from code_rag.rag_server.wire import SearchHit, SearchRequest, SearchResponse

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from code_rag.rag_server.lookup_wire import SimilarHit

MAX_LINES = 12


def search(client: Client, request: SearchRequest, *, explain: bool, as_json: bool) -> None:
    """Print the hits for a request; raises Failure when there are none."""
    found = client.post("/search", request, SearchResponse)
    for reason in found.degraded:
        note(reason)
    if as_json:
        print_json(found)
    else:
        _print_hits(found.hits, explain)
    if not found.hits:
        raise Failure("Nothing in the index matches.", ExitCode.NOTHING_FOUND)


def _print_hits(hits: list[SearchHit], explain: bool) -> None:
    console = stdout()
    for position, hit in enumerate(hits):
        if position:
            console.print()
        console.print(heading(hit))
        for remark in _remarks(hit, explain):
            console.print(visible_line(remark), style="dim")
        for line in snippet(console, hit):
            console.print(line)


def heading(hit: "SearchHit | SimilarHit", remark: str = "") -> "Text":
    """The place, symbol and score of a hit, and a remark."""
    from rich.text import Text

    place = visible_line(f"{hit.path}:{hit.start_line}-{hit.end_line}")
    symbol = visible_line(f"  {hit.symbol}") if hit.symbol else ""
    end = f"  {hit.score:.3f}{f'  {remark}' if remark else ''}"
    return Text.assemble((place, "bold cyan"), (symbol, "bold"), (end, "dim"))


def _remarks(hit: SearchHit, explain: bool) -> list[str]:
    remarks = []
    if explain:
        remarks.append(" ".join([f"{hit.score:.3f} =", *map(_part, hit.explanation.items())]))
    if hit.copies:
        remarks.append("same text: " + ", ".join(f"{copy.path}:{copy.start_line}" for copy in hit.copies))
    return remarks


def _part(part: tuple[str, float]) -> str:
    name, value = part
    return f"{'+' if value >= 0 else '-'} {abs(value):.3f} {name.replace('_', ' ')}"


def snippet(console: "Console", hit: "SearchHit | SimilarHit") -> list["Text"]:
    """The first lines of a hit, with their numbers."""
    from rich.text import Text

    code = visible(hit.text)
    shown = _coloured(code, hit.language) if console.color_system else Text(code)
    lines = shown.split("\n", allow_blank=True)
    width = len(str(hit.end_line))
    numbered = [
        Text.assemble((f"{number:>{width}} │ ", "dim"), line)
        for number, line in enumerate(lines[:MAX_LINES], hit.start_line)
    ]
    if len(lines) > MAX_LINES:
        numbered.append(Text(f"{'':>{width}} │ … {len(lines) - MAX_LINES} more lines", "dim"))
    return numbered


def _coloured(code: str, language: str) -> "Text":
    from rich.syntax import Syntax

    text = Syntax("", language, theme="ansi_dark", background_color="default").highlight(code)
    text.remove_suffix("\n")  # the highlighter appends one
    return text
