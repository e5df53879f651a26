"""`coderag status`: what works, what is indexed and what was left out."""

from collections.abc import Iterator

import typer
from pydantic import BaseModel

from code_rag.rag_server.cli.client import Client
from code_rag.rag_server.cli.failure import ExitCode, Failure
from code_rag.rag_server.cli.index import coverage, pace, summary
from code_rag.rag_server.cli.terminal import note, print_json, stdout, visible_line
from code_rag.rag_server.progress import changed_sentence
from code_rag.rag_server.wire import CodebaseStatus, IndexModel, IndexStatus
from code_rag.servicekit.wire.health import HealthReport

SIGNS = {"ok": ("✓", "green"), "degraded": ("!", "yellow"), "failing": ("✗", "red")}


class Status(BaseModel):
    """What `coderag status --json` prints; `index` is null while the server is unavailable."""

    url: str
    health: HealthReport
    index: IndexStatus | None


def status(client: Client, *, as_json: bool) -> None:
    """Print the state of the server and its index; raises Failure if the server is unavailable."""
    health = client.get("/health", HealthReport, accept=frozenset({503}))
    serving = health.status in ("ok", "degraded")
    index = client.get("/index", IndexStatus) if serving else None
    if as_json:
        print_json(Status(url=client.url, health=health, index=index))
    else:
        _print_health(client.url, health)
        if index:
            _print_index(index)
    if not serving:
        raise Failure(
            f"{visible_line(health.service)} is {visible_line(health.status)}.", ExitCode.UNAVAILABLE
        )


def _print_health(url: str, health: HealthReport) -> None:
    from rich.text import Text

    console = stdout()
    console.print(visible_line(f"{health.service} {health.version} at {url}: {health.status}"), style="bold")
    for name, check in health.checks.items():
        detail = visible_line(check.detail or check.status)
        console.print(Text.assemble("  ", SIGNS[check.status], visible_line(f" {name:<18}"), (detail, "dim")))


def _print_index(index: IndexStatus) -> None:
    typer.echo(f"\nIndex: {_state(index)}")
    if index.state in ("running", "waiting"):
        done = index.files.total - index.files.pending
        typer.echo(f"  {done} of {index.files.total} files done, {index.files.pending} pending.")
        if index.step:
            typer.echo(f"  {index.step.name}: {index.step.done} of {index.step.total}{pace(index)}.")
    for line in (*summary(index), *_models(index)):
        typer.echo(f"  {line}")
    if len(index.codebases) > 1:
        _print_codebases(index.codebases)
    for error in index.errors:
        note(f"{error.path}: {error.message}")


def _models(index: IndexStatus) -> Iterator[str]:
    """Whose vectors are searched, and how far those of another model are."""
    if index.model:
        yield f"Model: {_named(index.model)}."
    if following := index.next:
        found = following.searchable
        made = f"; vectors: {coverage(found)} of {found.chunks} chunks" if found else ""
        yield f"Next: {_named(following.model)}{made}; {visible_line(following.meanwhile)}."


def _named(model: IndexModel) -> str:
    limit = f", reads {model.max_tokens} tokens of a text" if model.max_tokens else ""
    mark = f", fingerprint {visible_line(model.fingerprint)}" if model.fingerprint else ""
    return f"{visible_line(model.name)} ({model.dimension} numbers{limit}{mark})"


def _print_codebases(codebases: list[CodebaseStatus]) -> None:
    typer.echo("\nCodebases:")
    width = max(len(visible_line(each.name)) for each in codebases)
    for each in codebases:
        found = each.searchable
        counts = f"{found.chunks} chunks of {found.files} files" if found else "not known"
        typer.echo(f"  {visible_line(each.name):<{width}}  {counts}, {_state(each)}")


def _state(index: IndexStatus | CodebaseStatus) -> str:
    """Whether what is indexed is what is on disk, as far as that is known."""
    if index.state in ("waiting", "failed"):
        name = "the last run failed" if index.state == "failed" else index.state
        return name + (visible_line(f" – {index.detail}") if index.detail else "")
    if index.state == "running":
        return "indexing"
    if index.changed:
        return changed_sentence(index.changed)
    if index.finished_at is None:
        return "not compared with the disk since the server started; run `coderag index`"
    if index.watching == "off":
        at = index.finished_at.astimezone().strftime("%H:%M:%S")
        return f"as the code was at {at}; what has changed since is not known, run `coderag index`"
    return "up to date"
