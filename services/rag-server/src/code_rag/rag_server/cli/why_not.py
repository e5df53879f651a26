"""`coderag why-not`: why a file or folder is not in the index."""

from urllib.parse import urlencode

import typer

from code_rag.rag_server.cli.client import Client
from code_rag.rag_server.cli.terminal import print_json, visible_line
from code_rag.rag_server.wire import WhyNot


def why_not(client: Client, path: str, *, as_json: bool) -> None:
    """Print why `path` is left out and what to do about it, or that it is indexed."""
    answer = client.get(f"/index/why-not?{urlencode({'path': path}, errors='surrogateescape')}", WhyNot)
    if as_json:
        print_json(answer)
        return
    typer.echo(visible_line(f"{answer.left_out or answer.path or '.'}: {_headline(answer)}"))
    for sentence in filter(None, (answer.explanation, answer.advice)):
        typer.echo(f"  {visible_line(sentence)}")


def _headline(answer: WhyNot) -> str:
    if answer.reason:
        return f"left out ({answer.reason})"
    plural = "" if answer.chunks == 1 else "s"
    return f"indexed ({answer.chunks} chunk{plural})" if answer.chunks else "not indexed yet"
