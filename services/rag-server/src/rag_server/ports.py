"""What the use cases need of the world outside, each with at least two implementations."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from rag_server.model import Chunk, SparseVector

Vector = Sequence[float]


@dataclass(frozen=True, slots=True)
class Point:
    """A chunk as it is stored: with its dense and its sparse vector."""

    chunk: Chunk
    dense: Vector
    sparse: SparseVector


@dataclass(frozen=True, slots=True)
class Scored:
    """A chunk that one of the two searches found, with that search's own score."""

    chunk: Chunk
    score: float


@dataclass(frozen=True, slots=True)
class Scope:
    """What a search is narrowed to: a folder or file, a language, or nothing."""

    path: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Candidates:
    """The best of each search, best first; `dense` is empty where the query has no vector."""

    dense: tuple[Scored, ...]
    sparse: tuple[Scored, ...]


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file as the store holds it: the version, and how many of that version's chunks are there."""

    digest: str
    chunks: int
    complete: bool


class VectorStore(Protocol):
    """Keeps points durably: when `upsert` returns, they survive a SIGKILL.

    Every method raises servicekit's Unavailable or UpstreamTimeout where the store does not answer.
    """

    async def upsert(self, points: Sequence[Point]) -> None:
        """Store points; one with a known id replaces what was there."""

    async def remove_stale(self, path: str, digest: str) -> None:
        """Delete the chunks of `path` that belong to another version than `digest`; "" deletes them all."""

    async def files(self, path: str = "") -> Mapping[str, StoredFile]:
        """Every stored file at or under `path`, counted from the points themselves."""

    async def search(self, dense: Vector | None, sparse: SparseVector, scope: Scope, limit: int) -> Candidates:
        """The best `limit` chunks by each vector."""

    async def count(self) -> int:
        """How many chunks are stored."""

    async def ping(self) -> None:
        """Return when the store answers."""

    async def close(self) -> None:
        """Flush and let go of the store."""


class Embedder(Protocol):
    """Turns texts into vectors; raises servicekit's upstream errors."""

    async def embed(self, texts: Sequence[str], *, patient: bool = False) -> list[Vector]:
        """One vector per text, in order; `patient` callers index, the others wait for a search."""

    async def ping(self) -> str:
        """Return when the service is healthy, with the name of its model."""


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of an answer, and the model that wrote it."""

    text: str
    model: str


class ChatModel(Protocol):
    """Writes an answer to messages; raises servicekit's upstream errors."""

    def stream(self, messages: Sequence[Mapping[str, str]]) -> AsyncIterator[Token]:
        """The answer in pieces as it is written; ends early only by raising."""

    async def ping(self) -> str:
        """Return when the service is healthy, with the name of its model."""
