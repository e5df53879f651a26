"""`coderag ask`: streams the answer, then lists the lines that it cites, and whether they say so."""

import re
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlencode

import typer

from code_rag.rag_server.answer import NO_MODEL, CitationState
from code_rag.rag_server.answer_wire import (
    AnswerCitation,
    AnswerEvent,
    AnswerUsage,
    AskRequest,
    HitsEvent,
    ProgressEvent,
    Suggestions,
    TokenEvent,
)
from code_rag.rag_server.cli.client import Client
from code_rag.rag_server.cli.failure import ExitCode, Failure
from code_rag.rag_server.cli.last_conversation import Conversation, LastConversation
from code_rag.rag_server.cli.terminal import note, print_json, stderr, stdout, visible, visible_line

if TYPE_CHECKING:
    from rich.text import Text

SIGNS: Mapping[CitationState, tuple[str, str, str]] = {
    "supported": ("✓", "green", "says so"),
    "exists": ("?", "yellow", "does not clearly say so"),
    "missing": ("✗", "red", "not there"),
}
"""How the state of a citation is shown: a sign, its colour and the words of the page and the documents."""

_NUMBERED = re.compile(r" *\d+\| ?| *⋯$")


def ask(client: Client, question: str, *, options: Mapping[str, Any], continues: bool, as_json: bool) -> None:
    """Print the answer to `question`; raises Failure where the code does not answer it or nothing is cited.

    `options` are the other fields of the request. The conversation is kept for the next question that
    `continues` it, except for scripts, which read JSON and start none.
    """
    last = LastConversation.of_user()
    conversation = last.continued(client.url) if continues else Conversation.new(client.url)
    turns = conversation.turns
    request = AskRequest.model_construct(question=question, history=turns, stream=True, **options)
    answer = follow(client, request, show=not as_json)
    why = last.keep(conversation.with_turn(question, answer.answer)) if continues or not as_json else ""
    if why and continues:  # nobody else misses it
        note(why)
    if as_json:
        print_json(answer)
    else:
        if answer.citations:
            print_sources(answer)
        if answer.usage:
            note(usage_line(answer.usage))
    if answer.state == "not_found":
        raise Failure("Not found in the indexed code.", ExitCode.NOTHING_FOUND)
    if answer.state == "unsupported":
        raise Failure("The answer cites nothing that supports it.", ExitCode.NOTHING_FOUND)


def suggest(client: Client, codebase: str | None, *, as_json: bool) -> None:
    """Print questions that the index answers; raises Failure if there are none."""
    suggested = suggestions(client, codebase)
    if as_json:
        print_json(suggested)
    for question in () if as_json else suggested.questions:
        typer.echo(visible_line(question))
    if not suggested.questions:
        raise Failure("Nothing is indexed yet that answers a question.", ExitCode.NOTHING_FOUND)


def suggestions(client: Client, codebase: str | None = None) -> Suggestions:
    """The questions that the server suggests."""
    query = f"?{urlencode({'codebase': codebase})}" if codebase else ""
    return client.get(f"/suggestions{query}", Suggestions)


def follow(client: Client, request: AskRequest, *, show: bool) -> AnswerEvent:
    """Ask and return the answer; with `show` its text is printed as it arrives. Raises Failure."""
    with Transcript(show) as transcript:
        for name, data in client.events("/ask", request):
            if name == HitsEvent.NAME:
                transcript.remark(client.read(data, HitsEvent).degraded)
            elif name == ProgressEvent.NAME:
                transcript.wait(client.read(data, ProgressEvent))
            elif name == TokenEvent.NAME:
                transcript.write(client.read(data, TokenEvent).text)
            elif name == AnswerEvent.NAME:
                answer = client.read(data, AnswerEvent)
                transcript.remark((*answer.degraded, *_remarks(answer)))
                if not transcript.written:  # it is kept, or no model wrote it
                    transcript.write_whole(answer.answer)
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
        self._end_line()

    def wait(self, progress: ProgressEvent) -> None:
        """Say what the model is doing, or for how long it has been silent."""
        if words := doing(progress):
            self._waiting.update(words)

    def write(self, text: str) -> None:
        """Add a piece of the answer."""
        self.written = text or self.written
        if self._show:
            self._waiting.stop()
            typer.echo(visible(text), nl=False)

    def write_whole(self, text: str) -> None:
        """Write an answer that comes in one piece; the line numbers of its quotes are dim on a terminal."""
        console = stdout()
        if not self._show or console.color_system is None:
            self.write(text)
            return
        self.written = text
        self._waiting.stop()
        console.print(_dimmed(visible(text)), end="")

    def remark(self, remarks: Iterable[str]) -> None:
        """Print on stderr what was unavailable."""
        for remark in remarks:
            if remark not in self._remarks:
                self._end_line()
                note(remark)
                self._remarks.add(remark)

    def _end_line(self) -> None:
        if self._show and self.written and not self.written.endswith("\n"):
            typer.echo()
            self.written = "\n"


def doing(progress: ProgressEvent) -> str:
    """What the model is doing, in words; empty before there is anything to say."""
    if progress.words:
        return f"Writing, {progress.words} words of a sentence …"
    if progress.places:
        so_far = f"{progress.seconds} of " if progress.seconds else ""
        return f"Reading {progress.places} places, {so_far}about {progress.about_seconds} s …"
    if not progress.seconds:
        return ""
    is_wording = progress.stage == "search"
    what = "Putting the question into words for search with" if is_wording else "Waiting for"
    return f"{what} {visible_line(progress.model)}, {progress.seconds} s …"


def _remarks(answer: AnswerEvent) -> Iterable[str]:
    if answer.understood:
        yield f"searched for: {answer.understood}"
    if answer.kept_since:
        since = answer.kept_since.astimezone().strftime("%Y-%m-%d %H:%M")
        yield f"this answer is kept from {since}; --again asks the model again"
    if answer.state == "unsure":
        yield "not sure that this is the answer; these are the nearest places"


def _dimmed(answer: str) -> "Text":
    """The answer with the line numbers of quoted code made less prominent."""
    from rich.text import Text

    lines, fence = list[Text](), ""
    for line in answer.split("\n"):
        mark = re.match("`{3,}|~{3,}", line)
        number = _NUMBERED.match(line) if fence else None
        lines.append(Text.assemble((number[0], "dim"), line[number.end() :]) if number else Text(line))
        if mark and (not fence or line.strip() == fence):
            fence = "" if fence else mark[0]
    return Text("\n").join(lines)


def print_sources(answer: AnswerEvent) -> None:
    """Print the lines that an answer cites, each with the result of its check.

    Unless the question is clearly answered they are the nearest places, and only said to be there.
    """
    from rich.text import Text

    console = stdout()
    is_proof = answer.state == "answered"
    console.print("\nSources" if is_proof else "\nNearest places", style="bold")
    for citation in answer.citations:
        sign, colour, result = _result(citation, is_proof, answer.model)
        place = f"{citation.path}:{citation.start_line}-{citation.end_line}  " if citation.path else ""
        parts = ((place, "cyan"), (f"{citation.marker}  ", "dim"), (result, ""))
        safe = ((visible_line(text), style) for text, style in parts)
        console.print(Text.assemble("  ", (sign, colour), " ", *safe))


def usage_line(usage: AnswerUsage) -> str:
    """What an answer came to, such as: 1,240 + 96 tokens, $0.0003."""
    tokens = f"{usage.prompt_tokens:,} + {usage.completion_tokens:,} tokens"
    if usage.cost is None:
        return tokens
    dollars = f"${usage.cost:.4f}" if not 0 < usage.cost < 0.0001 else "under $0.0001"
    return f"{tokens}, {dollars}"


def _result(citation: AnswerCitation, is_proof: bool, model: str) -> tuple[str, str, str]:
    """The sign of what a check found, its colour, and words; without a model places are only quoted."""
    if is_proof and model == NO_MODEL and citation.state == "supported":
        return "✓", "green", "quoted"
    if not is_proof and citation.state != "missing":
        return "·", "dim", "there"
    sign, colour, words = SIGNS[citation.state]
    return sign, colour, f"{words}: {citation.reason}" if citation.reason else words
