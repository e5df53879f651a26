"""Response models of `/search` with `callers_of` and `similar_to`; the CLI reads the same ones."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Self

from pydantic import BaseModel

from code_rag.rag_server.callers import Caller, Callers
from code_rag.rag_server.model import Chunk
from code_rag.rag_server.resolution import Resolution
from code_rag.rag_server.similarity import Similar, SimilarTo

NameOf = Callable[[str], str]
"""The name of the codebase that a path is in."""

CERTAINTY = {
    Resolution.IMPORT: 1.0,
    Resolution.SAME_FILE: 1.0,
    Resolution.SAME_PACKAGE: 0.9,
    Resolution.NAME_ONLY: 0.5,
}
"""The score of a caller: how sure it is that it uses the definition."""


class ChunkPlace(BaseModel):
    """A chunk and where it is."""

    codebase: str
    path: str
    start_line: int
    end_line: int
    symbol: str
    kind: str
    language: str
    text: str


class UsingLine(BaseModel):
    """A line that uses the definition; `symbol` is the definition that the line is in."""

    line: int
    text: str
    symbol: str
    resolution: Resolution


class CallerHit(ChunkPlace):
    """A chunk that uses the definition; the score says how sure its surest line is."""

    score: float
    explanation: dict[str, float]
    uses: list[UsingLine]

    @classmethod
    def of(cls, caller: Caller, name_of: NameOf) -> Self:
        """Convert from the domain object."""
        score = CERTAINTY[caller.resolution]
        uses = [UsingLine(**asdict(use)) for use in caller.uses]
        return cls(**_place(caller.chunk, name_of), score=score, explanation={"resolution": score}, uses=uses)


class DefinitionPlace(BaseModel):
    """Where the symbol is defined."""

    path: str
    line: int
    symbol: str
    language: str


class CallersResponse(BaseModel):
    """The chunks that use a symbol, the surest first; `notes` say what the list leaves open."""

    callers_of: str
    definitions: list[DefinitionPlace]
    hits: list[CallerHit]
    notes: list[str]
    degraded: list[str]
    timings: dict[str, float]

    @classmethod
    def of(cls, found: Callers, name_of: NameOf) -> Self:
        """Convert from the domain object; `name_of` is the name of a path's codebase."""
        return cls(
            callers_of=found.symbol,
            definitions=[DefinitionPlace(**asdict(target)) for target in found.definitions],
            hits=[CallerHit.of(caller, name_of) for caller in found.callers],
            notes=list(found.notes),
            degraded=list(found.degraded),
            timings=found.timings,
        )


class SimilarHit(ChunkPlace):
    """A similar chunk; the parts of the explanation add up to the score."""

    score: float
    explanation: dict[str, float]
    is_copy: bool

    @classmethod
    def of(cls, similar: Similar, name_of: NameOf) -> Self:
        """Convert from the domain object."""
        parts = {"lexical": similar.lexical}
        if similar.dense is not None:
            parts["dense"] = similar.dense
        return cls(
            **_place(similar.chunk, name_of), score=similar.score, explanation=parts, is_copy=similar.is_copy
        )


class SimilarResponse(BaseModel):
    """The chunk that a line is in, and the chunks like it, copies first."""

    similar_to: ChunkPlace
    hits: list[SimilarHit]
    degraded: list[str]
    timings: dict[str, float]

    @classmethod
    def of(cls, found: SimilarTo, name_of: NameOf) -> Self:
        """Convert from the domain object; `name_of` is the name of a path's codebase."""
        return cls(
            similar_to=ChunkPlace.model_validate(_place(found.subject, name_of)),
            hits=[SimilarHit.of(similar, name_of) for similar in found.similar],
            degraded=list(found.degraded),
            timings=found.timings,
        )


def _place(chunk: Chunk, name_of: NameOf) -> dict[str, str | int]:
    fields = (name for name in ChunkPlace.model_fields if name != "codebase")
    return {"codebase": name_of(chunk.path)} | {name: getattr(chunk, name) for name in fields}
