"""The command `coderag`: ask questions about a codebase through a running rag-server.

Each command's code is imported only when it runs, so that `coderag --help` is fast.
"""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from code_rag.rag_server.cli import agent_commands, backups, lookups
from code_rag.rag_server.cli.failure import Failure
from code_rag.rag_server.cli.options import (
    DEFAULT_URL,
    Again,
    Codebase,
    Continue,
    Json,
    Language,
    Path,
    Question,
    Url,
    client_of,
)

HELP = """Ask questions about a codebase; the answers cite the lines that support them.

\b
Examples:
  coderag index                               index the codebase and wait
  coderag ask "How long can I get a refund?"  print the answer, then its sources
  coderag ask --continue "Who decides it?"    ask on, about the same
  coderag ask                                 suggest questions
  coderag search refund window --limit 3      print matching code, best first
  coderag search cancel --path orders --language python --json
  coderag callers Order.cancel                who uses a definition
  coderag similar orders/refunds.py:12        code like the code at a place
  coderag status                              show what works and what is indexed
  coderag why-not build/api.py                say why a file is left out
  coderag export shop.coderag                 keep the vectors of the index in a file
  coderag import shop.coderag                 give them to another server
  coderag secrets                             list where secrets were redacted
  coderag setup claude-code                   make a coding agent use this (MCP)
"""
EPILOG = """\b
Exit codes:
  0    success, something was found; a note on stderr says where an answer is not sure
  1    nothing was found: no hit, no answer in the code, or an answer that cites nothing
  2    wrong usage, or the server rejected the request (4xx)
  3    the server cannot be reached, is busy (429) or unavailable (5xx)
  4    indexing failed, entirely or for some files
  130  stopped with Ctrl-C

\b
Environment:
  RAG_SERVER_URL  URL of the rag-server (default http://127.0.0.1:8000)
  API_KEY         the server's API key, if it requires one
  NO_COLOR        set it to any value for output without colours
"""


class Commands(TyperGroup):
    """Ends a failed command with one message on stderr and the failure's exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Failure as failure:
            typer.echo(f"coderag: {failure}", err=True)
            raise typer.Exit(failure.exit_code) from None


app = typer.Typer(
    name="coderag",
    cls=Commands,
    help=HELP,
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command("index")
def index_command(
    path: Annotated[str, typer.Argument(help="Folder or file, as results show it.", metavar="PATH")] = "",
    codebase: Codebase = None,
    prune: Annotated[
        bool,
        typer.Option("--prune", help="Then delete old indexes, and vectors that no chunk uses."),
    ] = False,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Start indexing and return at once.")] = False,
    as_json: Json = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Index changed files and wait until indexing is done.

    \b
    Examples:
      coderag index
      coderag index orders/refunds.py
      coderag index --codebase shop
      coderag index --no-wait && coderag status
      coderag index --prune
    """
    from code_rag.rag_server.cli.index import index

    with client_of(url) as client:
        index(client, path, codebase, prune=prune, wait=not no_wait, as_json=as_json)


@app.command("search")
def search_command(
    query: Annotated[
        list[str], typer.Argument(help="Words or a sentence; quotes are not needed.", metavar="QUERY")
    ],
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=100, help="Maximum number of hits.")] = 10,
    path: Path = None,
    codebase: Codebase = None,
    language: Language = None,
    explain: Annotated[bool, typer.Option("--explain", help="Show the parts of each score.")] = False,
    as_json: Json = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Find code that matches a query, best first.

    \b
    Examples:
      coderag search refund window
      coderag search "class RefundPolicy" --language python -n 3
      coderag search cancel_order --explain
      coderag search retry --path payment-worker --json | jq '.hits[].path'
      coderag search retry --codebase shop
    """
    from code_rag.rag_server.cli.search import search
    from code_rag.rag_server.wire import SearchRequest

    request = SearchRequest.model_construct(
        query=" ".join(query), limit=limit, path=path, language=language, codebase=codebase
    )
    with client_of(url) as client:
        search(client, request, explain=explain, as_json=as_json)


@app.command("ask")
def ask_command(
    question: Question = None,
    path: Path = None,
    codebase: Codebase = None,
    language: Language = None,
    again: Again = False,
    continues: Continue = False,
    as_json: Json = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Answer a question, then list the lines that the answer cites; without one, suggest some.

    A source marked ✓ says so: the lines are there, unchanged, and the words of the sentence stand in them;
    one marked ? is there, but does not clearly say so; one marked ✗ is not there.

    \b
    Examples:
      coderag ask "Who retries a failed payment?" --path payment-worker
      coderag ask --continue "And who reads it?"
      coderag ask "What is an outbox?" --json | jq -r .answer
    """
    from code_rag.rag_server.cli.ask import ask, suggest

    with client_of(url) as client:
        options = {"path": path, "language": language, "codebase": codebase, "again": again}
        if question:
            ask(client, " ".join(question), options=options, continues=continues, as_json=as_json)
        else:
            suggest(client, codebase, as_json=as_json)


@app.command("status")
def status_command(as_json: Json = False, url: Url = DEFAULT_URL) -> None:
    """Show what works, what is indexed and what was left out.

    \b
    Examples:
      coderag status
      coderag status --json | jq .index.searchable
    """
    from code_rag.rag_server.cli.status import status

    with client_of(url) as client:
        status(client, as_json=as_json)


@app.command("why-not")
def why_not_command(
    path: Annotated[
        str, typer.Argument(help="Folder or file, relative to the codebase root.", metavar="PATH")
    ],
    as_json: Json = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Say why a file or folder is not in the index, and what to do about it.

    \b
    Examples:
      coderag why-not build/api.py
      coderag why-not vendor --json | jq -r .advice
    """
    from code_rag.rag_server.cli.why_not import why_not

    with client_of(url) as client:
        why_not(client, path, as_json=as_json)


lookups.add_commands(app)
backups.add_commands(app)
agent_commands.add_commands(app)
