"""`coderag secrets`: where secrets were redacted, by place and kind."""

from urllib.parse import urlencode

import typer

from code_rag.rag_server.cli.client import Client
from code_rag.rag_server.cli.terminal import note, print_json, visible_line
from code_rag.rag_server.secrets_wire import SecretsResponse


def secrets(client: Client, codebase: str | None, *, as_json: bool) -> None:
    """Print a line for each place; values are nowhere to be printed."""
    query = f"?{urlencode({'codebase': codebase})}" if codebase else ""
    answer = client.get(f"/index/secrets{query}", SecretsResponse)
    if as_json:
        print_json(answer)
        return
    for each in answer.secrets:
        typer.echo(visible_line(f"{each.path}:{each.line}: {each.kind}"))
    if not answer.redacted:
        note("REDACT_SECRETS is off: secrets in the code are stored, shown and sent to the model.")
    elif not answer.secrets:
        note("No secrets were found in what the server has read since it started.")
