"""The options that several commands have, and the client for the server that they name."""

import os
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from code_rag.rag_server.cli.client import Client

DEFAULT_URL = "http://127.0.0.1:8000"

Url = Annotated[
    str,
    typer.Option("--url", envvar="RAG_SERVER_URL", help="URL of the rag-server.", metavar="URL"),
]
Json = Annotated[bool, typer.Option("--json", help="Print only JSON on stdout.")]
Again = Annotated[bool, typer.Option("--again", help="Ask the language model, even if its answer is kept.")]
Question = Annotated[
    list[str] | None,
    typer.Argument(help="The question; quote it, since shells expand '?'.", metavar="QUESTION"),
]
Continue = Annotated[
    bool,
    typer.Option("--continue/--new", help="Continue the last conversation, or start a new one."),
]
Path = Annotated[str | None, typer.Option("--path", help="Only this folder or file.", metavar="PATH")]
Codebase = Annotated[
    str | None,
    typer.Option("--codebase", help="Only this codebase of a server with several.", metavar="NAME"),
]
Language = Annotated[
    str | None, typer.Option("--language", help="Only this language, such as python.", metavar="NAME")
]


def client_of(url: str) -> "Client":
    """A client for the rag-server at `url`, with the key of the environment."""
    from code_rag.rag_server.cli.client import Client

    return Client(url, os.environ.get("API_KEY", ""))
