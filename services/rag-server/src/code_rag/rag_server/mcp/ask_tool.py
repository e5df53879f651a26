"""The tool `ask`: an answer to a question about the code, with checked citations."""

import asyncio
from typing import Literal

from pydantic import BaseModel, Field

from code_rag.rag_server.answer import NO_MODEL, AnswerState, CitationState
from code_rag.rag_server.answer_wire import MAX_QUESTION_CHARS, AskResponse
from code_rag.rag_server.mcp.quoted import fitting, shown
from code_rag.rag_server.mcp.rag_api import RagApi
from code_rag.rag_server.mcp.scope import Scoped, token_budget
from code_rag.rag_server.mcp.tool import Report, Result, Tool

TICK_SECONDS = 1.0
"""How often a call that waits for a model says so."""
MEANING = {
    "answered": "",
    "unsure": "Not sure: the nearest places are shown.",
    "not_found": "Not found in the indexed code.",
    "unsupported": "The model that wrote this cites nothing: check it.",
}


class AskArguments(Scoped):
    """What to ask."""

    question: str = Field(min_length=1, max_length=MAX_QUESTION_CHARS, description="A whole sentence.")
    budget: int = token_budget(2000)


class Source(BaseModel):
    """A place that the answer cites, and what its check against the file found."""

    marker: str
    path: str
    start_line: int
    end_line: int
    state: CitationState

    def text(self) -> str:
        """The marker, the place and the state."""
        return f"{self.marker} {self.path}:{self.start_line}-{self.end_line} ({self.state})"


class AskResult(Result):
    """The answer, and the citations whose markers stand in it."""

    answer: str
    state: AnswerState
    citations: list[Source]
    written_by: Literal["model", "quotes"]
    notes: list[str]

    def text(self) -> str:
        """The answer, then its sources."""
        places = dict.fromkeys(source.text() for source in self.citations)
        sources = "\n".join(["Sources:", *places]) if places else ""
        notes = (f"Note: {note}" for note in self.notes)
        return "\n\n".join(part for part in (MEANING[self.state], *notes, self.answer, sources) if part)


async def ask(api: RagApi, arguments: AskArguments, report: Report) -> AskResult:
    """The answer within the budget; reports each second that it takes."""
    body = {"question": arguments.question} | arguments.within()
    waiting = asyncio.create_task(_tick(report))
    try:
        said = await api.post("/ask", body, AskResponse)
    finally:
        waiting.cancel()
    lines = shown(said.answer.split("\n"))
    count = fitting(lines, arguments.budget, str)
    rest = len(lines) - count
    left_out = [f"{rest} lines of the answer are left out: ask with a larger budget."] if rest else []
    return AskResult(
        answer="\n".join(lines[:count]),
        state=said.state,
        citations=[
            Source.model_validate(each.model_dump(include=set(Source.model_fields)))
            for each in said.citations
        ],
        written_by="quotes" if said.model == NO_MODEL else "model",
        notes=[*said.degraded, *left_out],
    )


async def _tick(report: Report) -> None:
    seconds = 0
    while True:
        await asyncio.sleep(TICK_SECONDS)
        seconds += 1
        await report(seconds, message=f"Answering for {seconds} s")


ASK = Tool(
    "ask",
    "Ask about the code",
    "Answer a question about how the code works, with citations that were checked against the files. Use it "
    'for "how" and "why" questions over several files; `search` is faster where you only need the code.',
    AskArguments,
    AskResult,
    ask,
)
