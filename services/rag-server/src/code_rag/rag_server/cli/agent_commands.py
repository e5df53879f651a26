"""The commands for coding agents: the MCP server, and setting an agent up to use it."""

from typing import Annotated

import typer

from code_rag.rag_server.cli.options import DEFAULT_URL, Codebase, Url


def add_commands(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("mcp")(mcp_command)
    app.command("setup")(setup_command)


def mcp_command(codebase: Codebase = None, url: Url = DEFAULT_URL) -> None:
    """Serve a coding agent over stdin and stdout (MCP); the agent starts this itself.

    \b
    Examples:
      coderag mcp
      coderag mcp --codebase shop --url http://127.0.0.1:8000
    """
    import os

    from code_rag.rag_server.cli.mcp import serve

    serve(url, os.environ.get("API_KEY", ""), codebase or "")


def setup_command(
    agent: Annotated[
        str,
        typer.Argument(
            metavar="AGENT",
            help="claude-code, cursor, vscode, codex, gemini, zed, windsurf, opencode, continue or goose.",
        ),
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would change.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Take it out again.")] = False,
    codebase: Codebase = None,
    url: Url = DEFAULT_URL,
) -> None:
    """Make a coding agent use this: writes its MCP entry, and instructions where it reads some.

    What else is in its files stays as it is, and a file that cannot be read is not changed.

    \b
    Examples:
      coderag setup claude-code
      coderag setup vscode --dry-run
      coderag setup codex --remove
    """
    from code_rag.rag_server.cli.setup import setup

    setup(agent, url, codebase or "", remove=remove, dry_run=dry_run)
