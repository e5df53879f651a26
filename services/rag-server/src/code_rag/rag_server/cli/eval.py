"""`coderag eval`: how well search works on the user's own code."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import typer

from code_rag.rag_server.cli.client import Client
from code_rag.rag_server.cli.failure import ExitCode, Failure
from code_rag.rag_server.cli.history import NoHistory, commits_of
from code_rag.rag_server.cli.terminal import note, print_json, stderr, visible_line
from code_rag.rag_server.evaluation_wire import (
    MAX_COMMITS,
    CommitQuestion,
    EvaluationEvent,
    EvaluationProgressEvent,
    EvaluationRequest,
    KindMeasures,
    MeanWithInterval,
)

MAX_MISSED = 5
COMMITS_PER_QUESTION = 5
"""Many commits make no question: their subjects say too little, or their files are gone."""
PLAIN_LINE_SECONDS = 5.0
NAME_WIDTH, CELL_WIDTH = 10, 21

Show = Callable[[EvaluationProgressEvent], None]


def evaluate(
    client: Client,
    folder: str,
    *,
    questions: int,
    seed: int,
    within: Mapping[str, Any],
    as_json: bool,
) -> None:
    """Evaluate the server's index and print a table and its meaning; raises Failure without any question."""
    request = EvaluationRequest(questions=questions, seed=seed, commits=_commits(folder, questions), **within)
    found = _run(client, request)
    for reason in (*found.degraded, *found.notes):
        note(reason)
    if as_json:
        print_json(found)
    elif found.results:
        _print(found)
    if not found.results:
        raise Failure("The index makes no question; is anything indexed?", ExitCode.NOTHING_FOUND)


def _commits(folder: str, questions: int) -> list[CommitQuestion]:
    try:
        return commits_of(folder, min(COMMITS_PER_QUESTION * questions, MAX_COMMITS))
    except NoHistory as reason:
        note(f"No questions from git's history: {reason}")
        return []


def _run(client: Client, request: EvaluationRequest) -> EvaluationEvent:
    with _progress() as show:
        for name, data in client.events("/eval", request):
            if name == EvaluationEvent.NAME:
                return client.read(data, EvaluationEvent)
            if name == EvaluationProgressEvent.NAME:
                show(client.read(data, EvaluationProgressEvent))
    raise Failure("The evaluation ended without a result.", ExitCode.UNAVAILABLE)


def _progress() -> AbstractContextManager[Show]:
    return _bar() if sys.stderr.isatty() else nullcontext(_Lines().show)


@contextmanager
def _bar() -> Iterator[Show]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("Asking"), BarColumn(), MofNCompleteColumn(), TextColumn("questions"))
    with Progress(*columns, console=stderr(), transient=True) as progress:
        task = progress.add_task("Asking", total=None)
        yield lambda event: progress.update(task, total=event.total or None, completed=event.done)


class _Lines:
    """A line every few seconds, where no bar can be shown."""

    def __init__(self) -> None:
        self._shown = 0.0

    def show(self, event: EvaluationProgressEvent) -> None:
        if time.monotonic() - self._shown > PLAIN_LINE_SECONDS:
            self._shown = time.monotonic()
            what = f"{event.done} of {event.total} questions" if event.total else "making questions"
            typer.echo(f"Asking: {what}", err=True)


def _print(found: EvaluationEvent) -> None:
    heads = [f"{result.kind.value} ({result.questions})" for result in found.results]
    typer.echo(f"{'':<{NAME_WIDTH}}{''.join(f'{head:>{CELL_WIDTH}}' for head in heads)}")
    for name in found.results[0].measures:
        cells = [_cell(result.measures[name]) for result in found.results]
        typer.echo(f"{name:<{NAME_WIDTH}}{''.join(f'{cell:>{CELL_WIDTH}}' for cell in cells)}")
    typer.echo("Means with 95 % intervals (bootstrap); each file counts once, at its best hit.")
    typer.echo("Tests, examples and documentation make no questions, because search ranks them lower.\n")
    for sentence in found.words:
        typer.echo(sentence)
    for result in found.results:
        _print_missed(result)


def _cell(value: MeanWithInterval) -> str:
    return f"{value.mean:.2f} ({value.low:.2f}–{value.high:.2f})"


def _print_missed(result: KindMeasures) -> None:
    if result.missed:
        shown = min(MAX_MISSED, len(result.missed))
        typer.echo(f"\nNot in the first ten, from {result.kind.value} ({shown} of {len(result.missed)}):")
    for missed in result.missed[:MAX_MISSED]:
        right = ", ".join(missed.right[:3])
        first = f"; first was {missed.first}" if missed.first else ""
        typer.echo(visible_line(f"  {missed.question} → {right}{first}"))
