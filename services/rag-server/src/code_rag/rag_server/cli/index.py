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
from code_rag.rag_server.pace import Step
from code_rag.rag_server.progress import Searchable
from code_rag.rag_server.wire import IndexRequest, IndexStatus

POLL_SECONDS = 0.2
PLAIN_LINE_SECONDS = 5.0
"""Seconds between progress lines when stderr is not a terminal and nothing else changes."""
MAX_ERRORS_SHOWN = 10

Show = Callable[[IndexStatus], None]


def index(client: Client, path: str, codebase: str | None, *, prune: bool, wait: bool, as_json: bool) -> None:
    """Index `path`, or one codebase, or all; with `wait` returns when the run has ended.

    With `prune` old indexes and unused vectors are deleted then.
    Raises Failure if the run failed, or if files were left out because of errors.
    """
    request = IndexRequest(path=path, codebase=codebase, prune=prune)
    status = client.post("/index", request, IndexStatus)
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

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
               TextColumn("{task.fields[pace]}"))  # fmt: skip
    with Progress(*columns, console=stderr(), transient=True) as progress:
        task = progress.add_task("Indexing", total=None, pace="")

        def show(status: IndexStatus) -> None:
            waits = status.state == "waiting"
            what = visible_line(f"Waiting: {status.detail}") if waits else _what(status)
            done, total, unit = _extent(status)
            suffix = "" if waits else f"{unit}{pace(status)}"
            progress.update(task, description=what, total=total or None, completed=done, pace=suffix)

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
            typer.echo(line + (pace(status) if status.state == "running" else ""), err=True)
            self._shown, self._spoken = line, now


def _line(status: IndexStatus) -> str:
    if status.state == "waiting":
        return f"Waiting: {visible_line(status.detail)}"
    done, total, unit = _extent(status)
    if not total:
        return f"{_what(status)}: looking for files"
    return f"{_what(status)}: {10 * (10 * done // total)} % of {total} {unit}"


def _what(status: IndexStatus) -> str:
    return f"Indexing {status.step.name}" if status.step else "Indexing"


def _extent(status: IndexStatus) -> tuple[int, int, str]:
    """How many are done and how many there are, and of what: files of the run, or what its step counts."""
    if step := status.step:
        return step.done, step.total, _unit(step)
    return status.files.total - status.files.pending, status.files.total, "files"


def _unit(step: Step) -> str:
    return "files" if step.name == "words" else "chunks"


def pace(status: IndexStatus) -> str:
    """The rate of the step and the time it still takes, in parentheses; empty until they are known."""
    step = status.step
    if step is None or step.seconds_left is None:
        return ""
    return f" ({step.per_second:.0f} {_unit(step)}/s, {step.seconds_left:.0f} s left)"


def summary(status: IndexStatus) -> list[str]:
    """What the last run did and what is searchable now, a line each."""
    files, work = status.files, status.vectors
    counts = f"{files.unchanged} unchanged, {files.removed} removed, {files.failed} failed"
    new = f"{status.chunks} new chunks in {status.seconds:.1f} s"
    lines = [f"Files indexed: {files.indexed} ({counts}), {new}."]
    if work.computed or work.reused:
        lines.append(f"Vectors: {work.computed} computed; {work.reused} chunks had theirs from before.")
    if work.pruned or work.removed_indexes:
        names = ", ".join(visible_line(name) for name in work.removed_indexes) or "none"
        lines.append(f"Deleted: {work.pruned} unused vectors; old indexes: {names}.")
    if found := status.searchable:
        lines.append(f"Searchable: {found.chunks} chunks of {found.files} files; vectors: {coverage(found)}.")
    if status.secrets:
        lines.append(f"Secrets: {status.secrets} redacted; `coderag secrets` lists the places.")
    if status.skipped:
        reasons = sorted(status.skipped.items(), key=lambda item: -item[1])
        listed = ", ".join(f"{count} {visible_line(reason)}" for reason, count in reasons)
        lines.append(f"Skipped: {listed}.")
    return lines


def coverage(found: Searchable) -> str:
    """How many of the chunks have vectors, and of which kind, such as `37 % (headers)`."""
    vectors, chunks = found.vectors, max(found.chunks, 1)
    known = 100 * (vectors.header + vectors.whole) // chunks
    if not vectors.header:
        return f"{known} %"
    if not vectors.whole:
        return f"{known} % (headers)"
    return f"{known} % (whole chunks {100 * vectors.whole // chunks} %, headers only for the others)"


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
