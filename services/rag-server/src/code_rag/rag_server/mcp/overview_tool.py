"""The tool `overview`: what a codebase is, how it is laid out and where it starts."""

from pydantic import BaseModel, Field

from code_rag.rag_server.mcp.quoted import AS_DATA, fitting, shown
from code_rag.rag_server.mcp.rag_api import RagApi
from code_rag.rag_server.mcp.scope import token_budget
from code_rag.rag_server.mcp.tool import Arguments, Report, Result, Tool
from code_rag.rag_server.overview.topic import Topic
from code_rag.rag_server.overview_wire import OverviewPart, OverviewPlace, OverviewResponse


class OverviewArguments(Arguments):
    """What to introduce."""

    path: str = Field("", max_length=4096, description="Only this folder, as results show it.")
    codebase: str = Field("", max_length=255, description="Only this codebase, where there are several.")
    budget: int = token_budget(1500)


class Quoted(BaseModel):
    """Lines that say it."""

    path: str
    start_line: int
    end_line: int
    code: str


class Section(BaseModel):
    """What is known about one topic."""

    topic: Topic
    summary: str
    places: list[Quoted]

    def text(self) -> str:
        """The topic, what the tree shows, and the lines."""
        places = (f"{each.path}:{each.start_line}-{each.end_line}\n{each.code}" for each in self.places)
        return "\n".join(part for part in (f"## {self.topic.value}", self.summary, *places) if part)


class OverviewResult(Result):
    """The introduction, by topic."""

    codebases: list[str]
    sections: list[Section]
    notes: list[str]

    def text(self) -> str:
        """The sections below each other."""
        head = f"Codebases: {', '.join(self.codebases)}. {AS_DATA}"
        empty = "" if self.sections else "Nothing is indexed yet: see index_status."
        notes = (f"Note: {note}" for note in self.notes)
        return "\n\n".join(
            part for part in (head, empty, *(each.text() for each in self.sections), *notes) if part
        )


async def overview(api: RagApi, arguments: OverviewArguments, report: Report) -> OverviewResult:
    """The sections that fit into the budget; what does not fit is named."""
    query = {"path": arguments.path, "codebase": arguments.codebase}
    found = await api.get("/overview", OverviewResponse, **query)
    sections = list(map(_section, found.parts))
    count = fitting(sections, arguments.budget, Section.text)
    left = [section.topic.value for section in sections[count:]]
    left_out = [f"left out for the budget: {', '.join(left)}"] if left else []
    return OverviewResult(
        codebases=found.codebases, sections=sections[:count], notes=[*found.degraded, *left_out]
    )


def _section(part: OverviewPart) -> Section:
    return Section(topic=part.topic, summary=part.text, places=list(map(_quoted, part.places)))


def _quoted(place: OverviewPlace) -> Quoted:
    code = "\n".join(shown(place.text.split("\n")))
    return Quoted(path=place.path, start_line=place.start_line, end_line=place.end_line, code=code)


OVERVIEW = Tool(
    "overview",
    "Get to know the codebase",
    "Say what the codebase is, its top folders and languages, where it starts, how it is configured and "
    "tested, from its own files. Use it first in a codebase that you do not know.",
    OverviewArguments,
    OverviewResult,
    overview,
)
