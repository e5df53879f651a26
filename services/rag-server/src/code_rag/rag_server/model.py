"""The value types of rag-server: source files, chunks, hits and answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID, uuid5

CHUNKER_VERSION = 2
"""Bump when chunking changes; part of every chunk's id."""

Vector = Sequence[float]
"""A dense vector."""

VectorKind = Literal["header", "whole"]
"""What a chunk's dense vector was computed from: its header only, or its header and its whole text."""

_CHUNK_NAMESPACE = UUID("fdd73ace-33aa-47c5-8780-502edab7ff0d")


@dataclass(frozen=True, slots=True)
class EmbeddingModel:
    """The model that computes the dense vectors; vectors of two models cannot be compared."""

    name: str
    dimension: int
    max_tokens: int = 0
    """How much of a text it reads; 0 where that is not known."""
    fingerprint: str = ""
    """What it has in common with all whose vectors it can be compared with; empty where it is not known, as
    for indexes of earlier versions."""

    @property
    def space(self) -> str:
        """What its index is named by: vectors of one space can be compared."""
        return self.fingerprint or f"{self.name}|{self.dimension}"


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret that was taken out of a text: where it was and of which kind, never its value."""

    line: int
    """1-based."""
    kind: str


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A text file of the codebase, read and decoded."""

    path: str
    """POSIX path relative to the codebase root."""
    text: str
    language: str
    digest: str
    """SHA-256 of the file's bytes, or of its text if something was taken out of that, in hex."""
    secrets: tuple[Secret, ...] = ()
    """What was taken out of the text."""

    @property
    def lines(self) -> list[str]:
        """The lines as chunks and citations number them: split at line feeds, carriage returns dropped."""
        return [line.removesuffix("\r") for line in self.text.split("\n")]


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file or folder that is not indexed, and why (one of `codebase.skipping.Reason`)."""

    path: str
    reason: str
    rule: str = field(default="", compare=False)
    """The line of a rule file that decided it; empty if another rule did."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A run of whole lines of one file: the unit that is embedded, searched and cited."""

    id: str
    """A UUID, the same for the same text at the same place (see `chunk_id`)."""
    path: str
    language: str
    start_line: int
    """1-based, inclusive, as is `end_line`."""
    end_line: int
    symbol: str
    """Qualified name of the first symbol, such as `OrderService.cancel`; empty if there is none."""
    kind: str
    """What the chunk is: function, class, method, section, lines, ..."""
    text: str
    """The lines themselves, joined by line feeds, without the last line ending."""
    file_digest: str
    file_chunks: int
    """How many chunks this version of the file has."""
    symbols: tuple[str, ...] = ()
    """Qualified names of all symbols whose definition starts in the chunk, in order."""
    references: tuple[str, ...] = ()
    """The names that the chunk calls, constructs, inherits from or uses as a type, each once."""


def chunk_id(path: str, ordinal: int, text: str) -> str:
    """Identify a chunk by its file, its place among the file's chunks, its text and the chunker's version."""
    # The length of the path keeps two different sets of fields from giving the same name.
    return str(uuid5(_CHUNK_NAMESPACE, f"{CHUNKER_VERSION}:{ordinal}:{len(path)}:{path}:{text}"))


@dataclass(frozen=True, slots=True)
class SparseVector:
    """Term weights by hashed term id; indices are distinct and ascending."""

    indices: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class DenseVector:
    """The dense vector of a chunk, and what it was computed from."""

    kind: VectorKind
    values: Vector


@dataclass(frozen=True, slots=True)
class Point:
    """A chunk as first stored: found only by keyword until it has a dense vector."""

    chunk: Chunk
    sparse: SparseVector
    header: str = ""
    """The text that is embedded first."""
    dense: DenseVector | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """The filters of a search: a folder or file, a language, some files, or none."""

    path: str = ""
    language: str = ""
    files: tuple[str, ...] = ()
    """If there are any: only these."""


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for in the store, and where."""

    dense: Vector | None
    """None: not by meaning."""
    sparse: SparseVector
    names: frozenset[str] = frozenset()
    """Names of symbols, as `plain_name` writes them, whose definitions are wanted."""
    scope: Scope = field(default_factory=Scope)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A chunk that may be a hit, with what the store knows about it and the query."""

    chunk: Chunk
    bm25: float
    """0 where it has no term of the query."""
    cosine: float | None
    """None if the chunk has no dense vector yet, or the query has none."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """The best chunks by meaning, by words and by name, each once, and how rare the query's terms are."""

    found: tuple[Candidate, ...] = ()
    idf: Mapping[int, float] = field(default_factory=dict)
    """The inverse document frequency of terms of the query, by term id; 0 for one that is in no chunk."""
    exhausted: bool = True
    """There are no further candidates."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in the store: a version, and how many of that version's chunks are stored."""

    digest: str
    chunks: int
    complete: bool
    """All chunks of that version are stored, and none of another."""
    unembedded: int
    """How many of the chunks have no dense vector yet."""
    headers: int = 0
    """How many of them have the vector of their header only."""


@dataclass(frozen=True, slots=True)
class VectorCounts:
    """Stored chunks by the kind of their dense vector; the others have none."""

    header: int = 0
    whole: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """Lines of a file."""

    path: str
    start_line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk found for a query, and how it was ranked."""

    chunk: Chunk
    score: float
    """Between 0 and 1, comparable from query to query."""
    explanation: Mapping[str, float]
    """The parts of the score by name (see `ranking`); they add up to it."""
    cosine: float | None = None
    """Between the vectors of query and chunk; None if one of them is missing."""
    bm25: float = 0.0
    copies: tuple[Place, ...] = ()
    """Other places with the same text."""
    codebase: str = ""
    """The name of the codebase that the chunk is in."""
