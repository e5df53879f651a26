"""The tool `index_status`: what is indexed, and how far a run is."""

import asyncio
import time

from pydantic import BaseModel, Field

from code_rag.rag_server.mcp.rag_api import RagApi
from code_rag.rag_server.mcp.tool import Arguments, Report, Result, Tool
from code_rag.rag_server.pace import Step
from code_rag.rag_server.progress import State, changed_sentence
from code_rag.rag_server.wire import IndexStatus

POLL_SECONDS = 0.5
LONGEST_SECONDS = 45.0
"""Many clients give a call up after a minute."""


class StatusArguments(Arguments):
    """Of what, and whether to wait."""

    codebase: str = Field("", max_length=255, description="Only this codebase, where there are several.")
    wait: bool = Field(False, description="Wait until indexing is done, for 45 s at most.")


class IndexedCodebase(BaseModel):
    """One codebase of the server."""

    name: str
    state: State
    files: int
    chunks: int


class StatusResult(Result):
    """The state of the index; `files` and `chunks` are what a search can find now."""

    state: State
    detail: str
    files: int
    chunks: int
    pending_files: int
    step: Step | None
    codebases: list[IndexedCodebase]
    notes: list[str]

    def text(self) -> str:
        """Some sentences."""
        detail = f" ({self.detail})" if self.detail else ""
        lines = [f"Index: {self.state}{detail}. {self.files} files, {self.chunks} chunks can be searched."]
        if self.state == "running":
            lines.append(f"{self.pending_files} files are pending. {said(self.step)}".strip())
        lines += [f"- {each.name}: {each.state}, {each.files} files" for each in self.codebases]
        return "\n".join([*lines, *(f"Note: {note}" for note in self.notes)])


async def index_status(api: RagApi, arguments: StatusArguments, report: Report) -> StatusResult:
    """The state, once the run that goes on is done if that is waited for; its progress is reported."""
    deadline = time.monotonic() + LONGEST_SECONDS
    reported = 0.0
    while True:
        status = await api.get("/index", IndexStatus, codebase=arguments.codebase)
        if not arguments.wait or status.state != "running" or time.monotonic() > deadline:
            return _result(status)
        reported = max(reported + 0.001, percentage(status))  # it has to grow with every report
        await report(reported, 100.0, said(status.step) or "Looking for changed files")
        await asyncio.sleep(POLL_SECONDS)


def percentage(status: IndexStatus) -> float:
    """How much of the files of a run is done."""
    total = status.files.total
    return 100.0 * (total - status.files.pending) / total if total else 0.0


def said(step: Step | None) -> str:
    """How far a step is, and how long the rest takes; empty without one."""
    if step is None:
        return ""
    left = f", about {step.seconds_left:.0f} s left" if step.seconds_left is not None else ""
    return f"{step.name}: {step.done} of {step.total}{left}"


def _result(status: IndexStatus) -> StatusResult:
    found = status.searchable
    changed = [f"{changed_sentence(status.changed)}."] if status.changed else []
    return StatusResult(
        state=status.state,
        detail=status.detail,
        files=found.files if found else 0,
        chunks=found.chunks if found else 0,
        pending_files=status.files.pending,
        step=status.step,
        codebases=[
            IndexedCodebase(
                name=each.name,
                state=each.state,
                files=each.searchable.files if each.searchable else 0,
                chunks=each.searchable.chunks if each.searchable else 0,
            )
            for each in status.codebases
        ],
        notes=[
            *changed,
            *([] if found else ["The vector store does not answer: what is indexed is not known."]),
        ],
    )


INDEX_STATUS = Tool(
    "index_status",
    "See what is indexed",
    "Say which codebases are indexed, how much can be searched, and how far indexing is. Use it where "
    "results are missing something; with wait=true it returns once indexing is done.",
    StatusArguments,
    StatusResult,
    index_status,
)
