"""`coderag index`: starts a run and follows it to its end."""

import sys
import time
from collections.abc import Iterator

import typer

from code_rag.rag_server.cli.client import Client
from code_rag.rag_server.cli.failure import ExitCode, Failure
from code_rag.rag_server.cli.terminal import note, print_json, stderr, visible_line
from code_rag.rag_server.wire import IndexRequest, IndexStatus

POLL_SECONDS = 0.2
MAX_ERRORS_SHOWN = 10


def index(client: Client, path: str, *, wait: bool, as_json: bool) -> None:
    """Index `path`; with `wait` returns once the run is over.

    Raises Failure when the run failed or left files out because of errors.
    """
    status = client.post("/index", IndexRequest(path=path), IndexStatus)
    if wait:
        status = _follow(_polls(client, status))
    if as_json:
        print_json(status)
    elif wait:
        typer.echo("\n".join(summary(status)))
    else:
        typer.echo("Indexing started; `coderag status` shows how far it is.")
    if wait:
        _check(status)


def _polls(client: Client, status: IndexStatus) -> Iterator[IndexStatus]:
    yield status
    while status.state in ("running", "waiting"):
        time.sleep(POLL_SECONDS)
        status = client.get("/index", IndexStatus)
        yield status


def _follow(polls: Iterator[IndexStatus]) -> IndexStatus:
    return _follow_with_bar(polls) if sys.stderr.isatty() else _follow_in_lines(polls)


def _follow_with_bar(polls: Iterator[IndexStatus]) -> IndexStatus:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("files"))
    with Progress(*columns, console=stderr(), transient=True) as progress:
        task = progress.add_task("Indexing", total=None)
        for status in polls:
            what = visible_line(f"Waiting: {status.detail}") if status.state == "waiting" else "Indexing"
            total = status.files.total or None
            progress.update(task, description=what, total=total, completed=_done(status))
    return status


def _follow_in_lines(polls: Iterator[IndexStatus]) -> IndexStatus:
    shown = ""
    for status in polls:
        line = _line(status)
        if line != shown and status.state in ("running", "waiting"):
            typer.echo(line, err=True)
            shown = line
    return status


def _line(status: IndexStatus) -> str:
    if status.state == "waiting":
        return f"Waiting: {visible_line(status.detail)}"
    if not status.files.total:
        return "Indexing: looking for files"
    tenths = 10 * _done(status) // status.files.total
    return f"Indexing: {10 * tenths} % of {status.files.total} files"


def _done(status: IndexStatus) -> int:
    return status.files.total - status.files.pending


def summary(status: IndexStatus) -> list[str]:
    """What the last run did and what can be searched now, in up to three lines."""
    files = status.files
    counts = f"{files.unchanged} unchanged, {files.removed} removed, {files.failed} failed"
    lines = [f"Files indexed: {files.indexed} ({counts}) in {status.seconds:.1f} s."]
    if status.searchable:
        lines.append(f"Searchable: {status.searchable.chunks} chunks of {status.searchable.files} files.")
    if status.skipped:
        reasons = sorted(status.skipped.items(), key=lambda item: -item[1])
        listed = ", ".join(f"{count} {visible_line(reason)}" for reason, count in reasons)
        lines.append(f"Skipped: {listed}.")
    return lines


def _check(status: IndexStatus) -> None:
    for error in status.errors[:MAX_ERRORS_SHOWN]:
        note(f"{error.path}: {error.message}")
    if status.state == "failed":
        reason = visible_line(status.detail) or "the server gives no reason"
        raise Failure(f"Indexing failed: {reason}", ExitCode.INDEX_FAILED)
    if status.files.failed:
        raise Failure(f"Files that could not be indexed: {status.files.failed}.", ExitCode.INDEX_FAILED)
