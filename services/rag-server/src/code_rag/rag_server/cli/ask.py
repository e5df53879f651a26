"""`coderag ask`: streams the answer, then lists the lines that support it."""

from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Self

import typer

from code_rag.rag_server.answer_wire import AnswerCitation, AnswerEvent, AskRequest, HitsEvent, TokenEvent
from code_rag.rag_server.cli.client import Client
from code_rag.rag_server.cli.failure import ExitCode, Failure
from code_rag.rag_server.cli.terminal import note, print_json, stderr, stdout, visible, visible_line


def ask(client: Client, question: str, *, within: Mapping[str, Any], as_json: bool) -> None:
    """Print the answer to `question`, from a path, language or codebase; raises Failure without sources."""
    request = AskRequest.model_construct(question=question, stream=True, **within)
    answer = follow(client, request, show=not as_json)
    if as_json:
        print_json(answer)
    elif answer.citations:
        print_sources(answer.citations)
    if not answer.citations:
        raise Failure("The answer cites no indexed line.", ExitCode.NOTHING_FOUND)


def follow(client: Client, request: AskRequest, *, show: bool) -> AnswerEvent:
    """Ask and return the answer; with `show` its text is printed as it arrives. Raises Failure."""
    with Transcript(show) as transcript:
        for name, data in client.events("/ask", request):
            if name == HitsEvent.NAME:
                transcript.remark(client.read(data, HitsEvent).degraded)
            elif name == TokenEvent.NAME:
                transcript.write(client.read(data, TokenEvent).text)
            elif name == AnswerEvent.NAME:
                answer = client.read(data, AnswerEvent)
                transcript.remark([f"understood as: {answer.understood}"] if answer.understood else [])
                transcript.remark(answer.degraded)
                if not transcript.written:  # without a model the answer is the best places, or "not found"
                    transcript.write(answer.answer)
                return answer
    raise Failure("The answer ended early.", ExitCode.UNAVAILABLE)


class Transcript:
    """Prints an answer while it arrives: its text if `show`, and each remark once."""

    def __init__(self, show: bool) -> None:
        self._show = show
        self._remarks: set[str] = set()
        self._waiting = stderr().status("Reading the code …")  # prints nothing unless stderr is a terminal
        self.written = ""  # the last piece

    def __enter__(self) -> Self:
        self._waiting.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._waiting.stop()
        if self._show and self.written and not self.written.endswith("\n"):
            typer.echo()

    def write(self, text: str) -> None:
        """Add a piece of the answer."""
        self.written = text or self.written
        if self._show:
            self._waiting.stop()
            typer.echo(visible(text), nl=False)

    def remark(self, remarks: Iterable[str]) -> None:
        """Print on stderr what was unavailable."""
        for remark in remarks:
            if remark not in self._remarks:
                note(remark)
                self._remarks.add(remark)


def print_sources(citations: list[AnswerCitation]) -> None:
    """Print the lines that an answer cites, each with the result of its check."""
    from rich.text import Text

    console = stdout()
    console.print("\nSources", style="bold")
    for citation in citations:
        sign = ("✓", "green") if citation.verified else ("✗", "red")
        place = f"{citation.path}:{citation.start_line}-{citation.end_line}  " if citation.path else ""
        reason = f"  {citation.reason}" if citation.reason else ""
        parts = ((place, "cyan"), (citation.marker, "dim"), (reason, ""))
        safe = ((visible_line(text), style) for text, style in parts)
        console.print(Text.assemble("  ", sign, " ", *safe))
