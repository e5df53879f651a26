"""The external services that the use cases need, each with at least two implementations."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Protocol

from code_rag.rag_server.model import (
    Candidates,
    Chunk,
    EmbeddingModel,
    Point,
    Query,
    Scope,
    StoredFile,
    Token,
    Vector,
)
from code_rag.servicekit.settings import CannotStart


class StoreUnusable(CannotStart):
    """The store cannot be opened; the message says why and what to do."""


class VectorStore(Protocol):
    """Stores points durably: what a method has written when it returns survives a SIGKILL.

    Every method raises servicekit's Unavailable, UpstreamTimeout or UpstreamFailed if the store fails.
    """

    async def upsert(self, points: Sequence[Point]) -> None:
        """Store points; one with a known id replaces what was there but keeps its dense vector."""

    async def remove_stale(self, path: str, digest: str) -> None:
        """Delete the chunks of `path` whose file digest is not `digest`; "" deletes all of them."""

    async def files(self, path: str = "") -> Mapping[str, StoredFile]:
        """Every stored file at or under `path`, counted from the points themselves."""

    async def unembedded(self, paths: Sequence[str]) -> Sequence[Chunk]:
        """The chunks of these files that have no dense vector yet."""

    async def add_vectors(self, vectors: Mapping[str, Vector]) -> None:
        """Add dense vectors to stored chunks, by chunk id; fails if one of the chunks is gone."""

    async def search(self, query: Query, limit: int) -> Candidates:
        """The best `limit` chunks by each vector, and as many definitions of the names; all with both scores.

        Scores of a search that `query` leaves out are None or 0.
        """

    async def defining(self, names: Sequence[str], scope: Scope, limit: int) -> Sequence[Chunk]:
        """Up to `limit` chunks within `scope` that define one of these plain names."""

    async def referencing(self, names: Sequence[str], scope: Scope, limit: int) -> Sequence[Chunk]:
        """Up to `limit` chunks within `scope` that use one of these names."""

    async def in_file(self, path: str) -> Sequence[Chunk]:
        """All chunks of a file, in order."""

    async def defined_names(self) -> Sequence[str]:
        """The plain names that the index defines; where there are too many, those defined most often."""

    async def vectors(self, ids: Sequence[str]) -> Mapping[str, Vector]:
        """The dense vectors of these chunks, by id; those without one are missing."""

    async def count(self) -> int:
        """How many chunks are stored."""

    async def counts(self) -> Mapping[str, int]:
        """How many chunks are stored of each file, by path."""

    async def ping(self) -> None:
        """Return when the store answers."""

    async def close(self) -> None:
        """Flush and close the store."""


class Embedder(Protocol):
    """Turns texts into vectors.

    Raises InvalidInput for texts that the service rejects, and servicekit's Overloaded, Unavailable,
    UpstreamTimeout or UpstreamFailed if trying again may help.
    """

    @property
    def model(self) -> EmbeddingModel:
        """The model whose vectors it gives."""

    async def embed(self, texts: Sequence[str], *, background: bool = False) -> list[Vector]:
        """One vector per text, in order; `background` for indexing, which may take longer than a search."""

    async def ping(self) -> str:
        """Return when the service is healthy, with the name of its model."""

    async def close(self) -> None:
        """Close all connections."""


class ChatModel(Protocol):
    """Writes an answer to messages; raises servicekit's upstream errors."""

    def stream(self, messages: Sequence[Mapping[str, str]]) -> AsyncGenerator[Token, None]:
        """The answer in pieces as it is written; an incomplete answer raises. Closing it stops the model."""

    async def ping(self) -> str:
        """Return when the service is healthy, with the name of its model."""

    async def close(self) -> None:
        """Close all connections."""
