"""Response models of `GET /overview`."""

from collections.abc import Iterator
from typing import Self

from pydantic import BaseModel

from code_rag.rag_server.introducing import Introduction, Part
from code_rag.rag_server.overview.topic import Topic
from code_rag.rag_server.quoting.excerpt import Excerpt


class OverviewPlace(BaseModel):
    """Lines of a file."""

    path: str
    start_line: int
    end_line: int
    language: str
    text: str

    @classmethod
    def each(cls, excerpt: Excerpt) -> Iterator[Self]:
        """One place for each run of lines that an excerpt quotes."""
        for first, lines in excerpt.quoted():
            yield cls(
                path=excerpt.path,
                start_line=first,
                end_line=first + len(lines) - 1,
                language=excerpt.language,
                text="\n".join(lines),
            )


class OverviewPart(BaseModel):
    """What the code says about one topic; `text` is what the tree itself shows."""

    topic: Topic
    text: str
    places: list[OverviewPlace]

    @classmethod
    def of(cls, part: Part) -> Self:
        """Convert from the domain object."""
        places = [place for excerpt in part.quotes.excerpts for place in OverviewPlace.each(excerpt)]
        return cls(topic=part.topic, text=part.quotes.opening, places=places)


class OverviewResponse(BaseModel):
    """The introduction to a codebase; no parts while nothing is indexed. `degraded`: what is missing."""

    codebases: list[str]
    parts: list[OverviewPart]
    degraded: list[str]

    @classmethod
    def of(cls, introduction: Introduction, codebases: tuple[str, ...]) -> Self:
        """Convert from the domain object."""
        parts = [OverviewPart.of(part) for part in introduction.parts]
        return cls(codebases=list(codebases), parts=parts, degraded=list(introduction.degraded))
