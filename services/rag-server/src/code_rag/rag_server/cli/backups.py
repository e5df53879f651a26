"""The commands that keep the vectors of an index in a file, and give them to a server."""

from pathlib import Path
from typing import Annotated

import typer

from code_rag.rag_server.cli.options import DEFAULT_URL, Codebase, Url, client_of

File = Annotated[Path, typer.Argument(help="The file, such as shop.coderag.", metavar="FILE")]


def add_commands(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("export")(export_command)
    app.command("import")(import_command)


def export_command(file: File, codebase: Codebase = None, url: Url = DEFAULT_URL) -> None:
    """Keep what is expensive of the index in a file: its vectors, for a backup or for a colleague's server.

    The file holds no code, only numbers and hashes of the texts they belong to. Repeat the command after an
    interruption: it goes on where it stopped.

    \b
    Examples:
      coderag export shop.coderag
      coderag export shop.coderag --codebase shop --url https://code.example.com
    """
    from code_rag.rag_server.cli.exported import export

    with client_of(url) as client:
        export(client, file, codebase)


def import_command(
    file: File,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Start indexing and return at once.")] = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Give a server the vectors of a file, then index: only texts that the file does not know are embedded.

    The server keeps serving, and nothing that it has is replaced. Repeat the command after an interruption:
    only what is still missing is sent.

    \b
    Examples:
      coderag import shop.coderag
      coderag import shop.coderag --no-wait --url https://code.example.com
    """
    from code_rag.rag_server.cli.imported import import_file

    with client_of(url) as client:
        import_file(client, file, wait=not no_wait)
