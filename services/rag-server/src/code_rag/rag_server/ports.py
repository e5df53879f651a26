"""The external services that the use cases need, each with at least two implementations."""

import asyncio
from collections.abc import AsyncGenerator, Collection, Iterable, Iterator, Mapping, Sequence, Set
from typing import Protocol

from code_rag.rag_server.answer import AS_IT_LIKES, LanguageModel, Sampling, Token
from code_rag.rag_server.model import (
    Candidates,
    Chunk,
    EmbeddingModel,
    Point,
    Query,
    Scope,
    StoredFile,
    Vector,
    VectorKind,
)
from code_rag.rag_server.preparing import Entry, Outcome
from code_rag.servicekit.errors import Unavailable
from code_rag.servicekit.settings import CannotStart


class StoreUnusable(CannotStart):
    """The store cannot be opened; the message says why and what to do."""


class ModelChanged(Unavailable):
    """The embedding model that is served is not the one whose vectors were asked for."""


class Preparer(Protocol):
    """Turns source files into points, in this process or in several."""

    def prepare(self, entries: Iterable[Entry]) -> Iterator[Outcome]:
        """Each entry in order; source files prepared, anything else as it is. Blocks."""


class VectorCache(Protocol):
    """The dense vectors of one model by `vector_key`, so that no text is embedded twice.

    Vectors come back with the direction they had; every method raises as those of VectorStore do.
    """

    async def get(self, keys: Sequence[str]) -> Mapping[str, Vector]:
        """The vectors that are there, by key."""

    async def put(self, vectors: Mapping[str, Vector]) -> None:
        """Keep vectors by their keys."""

    async def count(self) -> int:
        """How many vectors there are."""

    async def prune(self, keep: Set[str]) -> int:
        """Delete the vectors with other keys than these; how many they were."""


class VectorStore(Protocol):
    """Stores points durably: what a method has written when it returns survives a SIGKILL.

    Every method raises servicekit's Unavailable, UpstreamTimeout or UpstreamFailed if the store fails.
    """

    @property
    def cache(self) -> VectorCache:
        """Where the vectors of its model are kept for other chunks with the same text."""

    async def upsert(self, points: Sequence[Point]) -> None:
        """Store points; one with a known id replaces what was there, its dense vector included."""

    async def remove_stale(self, path: str, digest: str) -> None:
        """Delete the chunks of `path` whose file digest is not `digest`; "" deletes all of them."""

    async def files(self, path: str = "") -> Mapping[str, StoredFile]:
        """Every stored file at or under `path`, counted from the points themselves."""

    async def stored_chunks(self, paths: Sequence[str], missing: VectorKind | None = None) -> Sequence[Chunk]:
        """The chunks of these files; with `missing` those without a dense vector of that kind.

        A chunk whose whole text is embedded is not missing its header's vector.
        """

    async def add_vectors(self, vectors: Mapping[str, Vector], kind: VectorKind) -> None:
        """Set dense vectors of stored chunks, by chunk id; fails if one of the chunks is gone."""

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

    async def counts(self, kind: VectorKind | None = None) -> Mapping[str, int]:
        """How many chunks are stored of each file, by path; with `kind` those with that dense vector."""

    async def ping(self) -> None:
        """Return when the store answers."""

    async def close(self) -> None:
        """Flush and close the store."""


class Catalog(Protocol):
    """The indexes of one collection: one for each space of vectors, of which one serves.

    A model without a fingerprint names the index that an earlier version made with it. The asynchronous
    methods raise as those of VectorStore do.
    """

    def last(self) -> EmbeddingModel:
        """The model whose index served last, as far as that is known without asking a server."""

    async def serving(self) -> EmbeddingModel | None:
        """The model whose index serves; None before the first."""

    async def serve(self, model: EmbeddingModel) -> None:
        """Have the index of `model` serve from now on; a kill leaves either this or what served before."""

    async def holds(self, model: EmbeddingModel) -> bool:
        """Whether there is an index of `model`."""

    def open(self, model: EmbeddingModel) -> VectorStore:
        """The store of the index of `model`, made if it is missing, open until `prune` or `close`; blocks.

        Raises StoreUnusable if it cannot be opened; one in a server need not be reachable yet.
        """

    async def prune(self, keep: Collection[EmbeddingModel]) -> Sequence[str]:
        """Delete the indexes and vectors of all other models and versions; the names of what is gone."""

    async def close(self) -> None:
        """Close every store that is open."""


class Embedder(Protocol):
    """Turns texts into vectors.

    Raises InvalidInput for texts that the service rejects, ModelChanged where another model is served, and
    servicekit's Overloaded, Unavailable, UpstreamTimeout or UpstreamFailed if trying again may help.
    """

    @property
    def model(self) -> EmbeddingModel:
        """The model whose vectors it gives, and no other's."""

    async def embed(self, texts: Sequence[str], *, background: bool = False) -> list[Vector]:
        """One vector per text, in order; `background` for indexing, which may take longer than a search."""

    async def ping(self) -> str:
        """Return when the service is healthy, with the name of its model."""

    async def close(self) -> None:
        """Close all connections."""


class EmbeddingServer(Protocol):
    """Where embedders come from, one for each model."""

    @property
    def changed(self) -> asyncio.Event:
        """Set once an answer came from another model than was asked for."""

    async def served(self) -> EmbeddingModel:
        """The model that is served, with its fingerprint; raises as an Embedder does."""

    def embedder(self, model: EmbeddingModel) -> Embedder:
        """An embedder that gives vectors of this model or none."""


class ChatModel(Protocol):
    """Writes an answer to messages; raises servicekit's upstream errors."""

    async def writes(self) -> LanguageModel | None:
        """The model that writes, if there is one; llm-server without a key only quotes."""

    def stream(
        self, messages: Sequence[Mapping[str, str]], sampling: Sampling = AS_IT_LIKES
    ) -> AsyncGenerator[Token, None]:
        """The answer in pieces as it is written; an incomplete answer raises. Closing it stops the model."""

    async def ping(self) -> str:
        """Return when the service is healthy, with the name of its model."""

    async def close(self) -> None:
        """Close all connections."""


class FileEventsUnavailable(Exception):
    """The system reports no file events; the message says why."""


class FileEvents(Protocol):
    """What the system reports of changes to files; not every file system does, and never reliably."""

    def watch(self, folders: Collection[str]) -> AsyncGenerator[set[str], None]:
        """The paths with changes directly in these folders, each burst as one set; an empty set now and then.

        All paths are absolute, without symbolic links. Raises FileEventsUnavailable if it cannot watch them.
        """
