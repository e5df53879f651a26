"""`coderag index`: starts indexing and shows its progress until it ends."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from urllib.parse import urlencode

import typer

from code_rag.rag_server.cli.client import Client
from code_rag.rag_server.cli.failure import ExitCode, Failure
from code_rag.rag_server.cli.terminal import note, print_json, stderr, visible_line
from code_rag.rag_server.wire import IndexRequest, IndexStatus

POLL_SECONDS = 0.2
PLAIN_LINE_SECONDS = 5.0
"""Seconds between progress lines when stderr is not a terminal and nothing else changes."""
MAX_ERRORS_SHOWN = 10

Show = Callable[[IndexStatus], None]


def index(client: Client, path: str, codebase: str | None, *, wait: bool, as_json: bool) -> None:
    """Index `path`, or one codebase, or all; with `wait` returns when the run has ended.

    Raises Failure if the run failed, or if files were left out because of errors.
    """
    status = client.post("/index", IndexRequest(path=path, codebase=codebase), IndexStatus)
    if wait:
        status = _follow(client, status, narrowed=bool(path or codebase))
    if as_json:
        print_json(status)
    elif not wait:
        typer.echo("Indexing started; `coderag status` shows its progress.")
    if wait:
        print_run(status, counts=not as_json)


def _follow(client: Client, status: IndexStatus, *, narrowed: bool) -> IndexStatus:
    """Show the run until it has ended; a run in one codebase has nothing to do with the others' runs."""
    name = status.codebases[0].name if narrowed and status.codebases else ""
    where = f"/index?{urlencode({'codebase': name})}" if name else "/index"
    with progress() as show:
        show(status)
        while status.state in ("running", "waiting"):
            time.sleep(POLL_SECONDS)
            status = client.get(where, IndexStatus)
            show(status)
    return status


def progress() -> AbstractContextManager[Show]:
    """Shows each status on stderr: as a progress bar on a terminal, as occasional lines elsewhere."""
    return _bar() if sys.stderr.isatty() else nullcontext(_Lines().show)


@contextmanager
def _bar() -> Iterator[Show]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("files"),
               TextColumn("{task.fields[rate]}"))  # fmt: skip
    with Progress(*columns, console=stderr(), transient=True) as progress:
        task = progress.add_task("Indexing", total=None, rate="")

        def show(status: IndexStatus) -> None:
            what = visible_line(f"Waiting: {status.detail}") if status.state == "waiting" else "Indexing"
            total = status.files.total or None
            progress.update(
                task, description=what, total=total, completed=_done(status), rate=_chunks(status)
            )

        yield show


class _Lines:
    """Prints a line when the status changes, and one every few seconds during a long step."""

    def __init__(self) -> None:
        self._shown = ""
        self._spoken = 0.0

    def show(self, status: IndexStatus) -> None:
        if status.state not in ("running", "waiting"):
            return
        line, now = _line(status), time.monotonic()
        if line != self._shown or (status.state == "running" and now - self._spoken > PLAIN_LINE_SECONDS):
            rate = f", {_chunks(status)}" if status.state == "running" and status.files.total else ""
            typer.echo(line + rate, err=True)
            self._shown, self._spoken = line, now


def _line(status: IndexStatus) -> str:
    if status.state == "waiting":
        return f"Waiting: {visible_line(status.detail)}"
    if not status.files.total:
        return "Indexing: looking for files"
    tenths = 10 * _done(status) // status.files.total
    return f"Indexing: {10 * tenths} % of {status.files.total} files"


def _chunks(status: IndexStatus) -> str:
    rate = f" ({status.chunks / status.seconds:.0f} chunks/s)" if status.chunks and status.seconds else ""
    return f"{status.chunks} new chunks in {status.seconds:.1f} s{rate}"


def _done(status: IndexStatus) -> int:
    return status.files.total - status.files.pending


def summary(status: IndexStatus) -> list[str]:
    """What the last run did and what is searchable now, in up to three lines."""
    files = status.files
    counts = f"{files.unchanged} unchanged, {files.removed} removed, {files.failed} failed"
    lines = [f"Files indexed: {files.indexed} ({counts}), {_chunks(status)}."]
    if status.searchable:
        lines.append(f"Searchable: {status.searchable.chunks} chunks of {status.searchable.files} files.")
    if status.skipped:
        reasons = sorted(status.skipped.items(), key=lambda item: -item[1])
        listed = ", ".join(f"{count} {visible_line(reason)}" for reason, count in reasons)
        lines.append(f"Skipped: {listed}.")
    return lines


def print_run(status: IndexStatus, *, counts: bool = True) -> None:
    """Print what a run did and which files had errors; raises Failure if the run or a file failed."""
    if counts:
        typer.echo("\n".join(summary(status)))
    for error in status.errors[:MAX_ERRORS_SHOWN]:
        note(f"{error.path}: {error.message}")
    if status.state == "failed":
        reason = visible_line(status.detail) or "the server gave no reason"
        raise Failure(f"Indexing failed: {reason}", ExitCode.INDEX_FAILED)
    if status.files.failed:
        raise Failure(f"Files that could not be indexed: {status.files.failed}.", ExitCode.INDEX_FAILED)
