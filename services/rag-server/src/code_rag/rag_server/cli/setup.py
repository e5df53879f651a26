"""`coderag setup`: the entry of this MCP server in a coding agent's own configuration."""

import json
import os
import shutil
import sys
from pathlib import Path

import typer

from code_rag.rag_server.agents.agent import Agent, Machine
from code_rag.rag_server.agents.change import NAME, Change, adding, removing
from code_rag.rag_server.agents.config_format import Unreadable
from code_rag.rag_server.agents.known import AGENTS
from code_rag.rag_server.cli.failure import ExitCode, Failure
from code_rag.rag_server.cli.options import DEFAULT_URL


def setup(name: str, url: str, codebase: str, *, remove: bool, dry_run: bool) -> None:
    """Write, show or remove what the agent of that name needs; raises Failure where a file stays as it is."""
    agent = _agent(name)
    machine = Machine(Path.home(), os.environ, sys.platform)
    command, arguments = _command(), _arguments(url, codebase)
    try:
        changes = removing(agent, machine) if remove else adding(agent, machine, command, arguments)
        if not dry_run:
            for change in changes:
                change.write()
    except Unreadable as error:
        by_hand = "" if remove else _by_hand(agent, command, arguments)
        raise Failure(f"{error}{by_hand}", ExitCode.REFUSED) from error
    except OSError as error:
        raise Failure(f"{error.filename} cannot be changed: {error.strerror}.", ExitCode.REFUSED) from error
    _report(agent, changes, remove=remove, dry_run=dry_run)


def _agent(name: str) -> Agent:
    agent = AGENTS.get(name)
    if agent is None:
        raise Failure(f"There is no agent {name!r}; known are {', '.join(AGENTS)}.", ExitCode.REFUSED)
    return agent


def _command() -> str:
    """This program's path: an agent with windows has not the PATH of a shell."""
    found = shutil.which(sys.argv[0]) or shutil.which("coderag")
    return str(Path(found).absolute()) if found else "coderag"


def _arguments(url: str, codebase: str) -> list[str]:
    at = [] if url == DEFAULT_URL else ["--url", url]
    return ["mcp", *at, *(["--codebase", codebase] if codebase else [])]


def _by_hand(agent: Agent, command: str, arguments: list[str]) -> str:
    entry = json.dumps({agent.container: {NAME: agent.entry(command, arguments)}})
    return f" Add this to it by hand: {entry}"


def _report(agent: Agent, changes: list[Change], *, remove: bool, dry_run: bool) -> None:
    if not changes:
        state = "does not know coderag" if remove else "is set up already"
        typer.echo(f"{agent.title} {state}: nothing to change.")
    for change in changes:
        if dry_run:
            typer.echo(change.diff(), nl=False)
        else:
            done = "Deleted" if not change.after else "Changed" if change.before else "Made"
            typer.echo(f"{done} {change.path}")
    if changes and not dry_run:
        typer.echo(f"Restart {agent.title}, so that it reads this.")
