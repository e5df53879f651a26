"""Request and response models of rag-server's HTTP API; the CLI reads the same ones."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from code_rag.rag_server.model import Hit
from code_rag.rag_server.pace import Step
from code_rag.rag_server.progress import (
    FileCounts,
    FileError,
    IndexReport,
    Searchable,
    State,
    VectorWork,
    Watching,
)
from code_rag.servicekit.wire.constraints import VISIBLE_BESIDES_NUL, WholeNumber, exactly_one_of

MAX_QUERY_CHARS = 8000

Said = Annotated[str, Field(min_length=1, json_schema_extra=VISIBLE_BESIDES_NUL)]
"""What `clean_query` accepts."""
InnerPath = Annotated[
    str, Field(max_length=4096, json_schema_extra={"not": {"pattern": r"(^\s*|/)\.\.(/|\s*$)"}})
]
"""What `path_of` accepts."""
ExactPath = Annotated[
    str, Field(max_length=4096, json_schema_extra={"not": {"pattern": r"^/|(^|/)\.\.(/|$)|\x00"}})
]
"""What `checked_parts` accepts."""
CodebaseName = Annotated[str, Field(max_length=255)]
LanguageName = Annotated[str, Field(max_length=64)]


class IndexRequest(BaseModel):
    """Which part of the codebase to index; nothing means all of it."""

    model_config = ConfigDict(strict=True)

    path: ExactPath = Field("", description="Folder or file, as results show it.")
    codebase: CodebaseName | None = Field(None, description="Only the codebase of this name.")
    prune: bool = Field(False, description="Then delete old indexes, and vectors that no chunk uses.")


class IndexModel(BaseModel):
    """The embedding model of an index; its vectors can be compared with those of the same `fingerprint`."""

    name: str
    dimension: int
    max_tokens: int = Field(0, description="How much of a text it reads; 0 where that is not known.")
    fingerprint: str = Field("", description="Empty until embedding-server has said it.")


class NextIndex(BaseModel):
    """An index of another model, which is filled before searches move to it."""

    model: IndexModel
    searchable: Searchable | None = None
    meanwhile: str
    """What answers until then."""


class CodebaseStatus(BaseModel):
    """State of one codebase's last run, and what of it is searchable."""

    name: str
    state: State
    detail: str = ""
    finished_at: datetime | None = None
    files: FileCounts = FileCounts()
    chunks: int = 0
    changed: int = 0
    secrets: int = 0
    watching: Watching = "off"
    searchable: Searchable | None = None

    @classmethod
    def of(cls, name: str, report: IndexReport, searchable: Searchable | None) -> Self:
        """Convert from the domain object, adding what the store contains of the codebase."""
        return cls.model_validate(asdict(report) | {"name": name, "searchable": searchable})


class IndexStatus(BaseModel):
    """State of indexing; `waiting`: a service is unavailable, and the run resumes when it is back."""

    state: State
    detail: str = ""
    path: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    seconds: float = 0.0
    files: FileCounts = FileCounts()
    chunks: int = 0
    skipped: dict[str, int] = {}
    errors: list[FileError] = []
    step: Step | None = None
    vectors: VectorWork = VectorWork()
    changed: int = Field(0, description="Files and folders that differ from what is indexed.")
    secrets: int = Field(0, description="Secrets that are redacted in the code.")
    watching: Watching = "off"
    searchable: Searchable | None = None
    codebases: list[CodebaseStatus] = []
    model: IndexModel | None = Field(None, description="The model whose vectors are searched.")
    next: NextIndex | None = Field(None, description="What is made for another model, if anything is.")

    @classmethod
    def of(
        cls, report: IndexReport, searchable: Searchable | None, codebases: Sequence[CodebaseStatus] = ()
    ) -> Self:
        """Convert from the domain object, adding what the store contains and each codebase's own state."""
        return cls.model_validate(asdict(report) | {"searchable": searchable, "codebases": codebases})


class WhyNot(BaseModel):
    """Why a file or folder is not in the index; `reason` is empty if nothing keeps it out."""

    path: str
    reason: str = ""
    left_out: str = ""
    """What is left out: the file, or the folder above it, which ends in a slash."""
    rule: str = ""
    """The line of a rule file that decided it."""
    explanation: str
    advice: str = ""
    chunks: int = 0
    """How many chunks of it are stored, of all files if it is a folder; 0 if something keeps it out."""


class CodePlace(BaseModel):
    """A line of an indexed file."""

    model_config = ConfigDict(strict=True)

    path: Annotated[InnerPath, Field(min_length=1)]
    line: WholeNumber = Field(ge=1, le=2**31 - 1)


class SearchRequest(BaseModel):
    """What to find, and the filters; `path` is a folder or file, `language` a name such as `python`.

    One of three: what matches a query, what uses a symbol, or what is similar to a place.
    """

    model_config = ConfigDict(
        strict=True,
        json_schema_extra=exactly_one_of(query="string", callers_of="string", similar_to="object"),
    )

    query: Said | None = Field(None, max_length=MAX_QUERY_CHARS)
    callers_of: Said | None = Field(None, max_length=400)
    similar_to: CodePlace | None = None
    limit: WholeNumber = Field(10, ge=1, le=100)
    path: InnerPath | None = None
    language: LanguageName | None = None
    codebase: CodebaseName | None = None


class HitCopy(BaseModel):
    """Another place with the text of a hit."""

    path: str
    start_line: int
    end_line: int


class SearchHit(BaseModel):
    """One chunk of code that matches the query, and how its score was computed."""

    codebase: str = ""
    path: str
    start_line: int
    end_line: int
    symbol: str
    kind: str
    language: str
    text: str
    score: float
    explanation: dict[str, float] = Field(description="The parts of the score; they add up to it.")
    cosine: float | None = Field(description="Between the vectors of query and chunk, if there are both.")
    bm25: float
    copies: list[HitCopy] = Field(description="Other places with the same text.")

    @classmethod
    def of(cls, hit: Hit) -> Self:
        """Convert from the domain object."""
        chunk = hit.chunk
        return cls(
            codebase=hit.codebase,
            path=chunk.path,
            start_line=chunk.start_line,
            end_line=chunk.end_line,
            symbol=chunk.symbol,
            kind=chunk.kind,
            language=chunk.language,
            text=chunk.text,
            score=hit.score,
            explanation=dict(hit.explanation),
            cosine=hit.cosine,
            bm25=hit.bm25,
            copies=[HitCopy.model_validate(asdict(place)) for place in hit.copies],
        )


class SearchResponse(BaseModel):
    """Hits, best first; `degraded` names what the search was missing."""

    hits: list[SearchHit]
    degraded: list[str]
    timings: dict[str, float]


class FileResponse(BaseModel):
    """A source file of the codebase as it is on disk now."""

    path: str
    language: str
    text: str
    lines: int


class FileList(BaseModel):
    """Paths of indexed files in order; `next` is the `after` of the next page, empty on the last."""

    paths: list[str]
    next: str
