"""What stands in for the world outside in rag-server's tests of indexing and storing."""

import asyncio
import hashlib
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, cast

from httpx import Headers
from qdrant_client import AsyncQdrantClient
from qdrant_client.http.exceptions import UnexpectedResponse

from code_rag.rag_server.model import Chunk, EmbeddingModel, Point, SparseVector, Vector, chunk_id
from code_rag.rag_server.ports import VectorStore
from code_rag.servicekit.errors import InvalidInput

DIMENSION = 8
FAKE_MODEL = EmbeddingModel("fake-embedder", DIMENSION, 256, "0123456789abcdef")


def vector_of(text: str) -> list[float]:
    """A vector that is always the same for the same text."""
    digest = hashlib.sha256(text.encode()).digest()
    return [byte / 255 - 0.5 for byte in digest[:DIMENSION]]


def make_chunk(
    path: str, ordinal: int, text: str, *, version: str = "v1", of: int = 1, language: str = "python"
) -> Chunk:
    """The chunk number `ordinal` of the `of` chunks that `path` has in `version`."""
    return Chunk(
        id=chunk_id(path, ordinal, text),
        path=path,
        language=language,
        start_line=ordinal * 10 + 1,
        end_line=ordinal * 10 + 10,
        symbol=f"Thing.part_{ordinal}",
        kind="method",
        text=text,
        file_digest=version,
        file_chunks=of,
        symbols=(f"Thing.part_{ordinal}",),
        references=(f"used_by_{ordinal}", "everywhere"),
    )


def make_file(
    path: str, texts: Sequence[str], *, version: str = "v1", language: str = "python"
) -> list[Point]:
    """All points of one version of a file, each found by the terms 1 and its own."""
    chunks = [
        make_chunk(path, ordinal, text, version=version, of=len(texts), language=language)
        for ordinal, text in enumerate(texts)
    ]
    return [Point(chunk, SparseVector((1, term_of(chunk.text)), (0.5, 1.0))) for chunk in chunks]


def term_of(text: str) -> int:
    """The id of the term that a text of `make_file` alone has."""
    return 2 + int.from_bytes(hashlib.sha256(text.encode()).digest()[:3])


@dataclass
class FakeEmbedder:
    """Gives every text the vector `vector_of`, unless told to fail or to refuse."""

    failure: Exception | None = None
    refused_word: str = "\0"
    embedded: list[str] = field(default_factory=list)
    model: EmbeddingModel = FAKE_MODEL

    async def embed(self, texts: Sequence[str], *, background: bool = False) -> list[Vector]:
        """One vector per text; raises `failure` if set, InvalidInput if a text has the refused word in it."""
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure
        if any(self.refused_word in text for text in texts):
            raise InvalidInput("one of the texts is refused")
        self.embedded += texts
        return [vector_of(text) for text in texts]

    async def ping(self) -> str:
        """The name of no model; raises `failure` if set."""
        if self.failure is not None:
            raise self.failure
        return "fake-embedder"

    async def close(self) -> None:
        """Nothing to close."""


@dataclass
class FakeCache:
    """Keeps vectors in memory."""

    vectors: dict[str, Vector] = field(default_factory=dict)

    async def get(self, keys: Sequence[str]) -> Mapping[str, Vector]:
        """What was put."""
        return {key: self.vectors[key] for key in keys if key in self.vectors}

    async def put(self, vectors: Mapping[str, Vector]) -> None:
        """Keep all."""
        self.vectors |= vectors

    async def count(self) -> int:
        """How many there are."""
        return len(self.vectors)

    async def prune(self, keep: Set[str]) -> int:
        """Drop the others."""
        unused = self.vectors.keys() - keep
        for key in unused:
            del self.vectors[key]
        return len(unused)


class FlakyStore:
    """A store that fails as it is told to before it does what it is asked for, and counts the questions."""

    def __init__(self, store: VectorStore) -> None:
        self._store = store
        self.cache = store.cache
        self.failures: dict[str, list[Exception]] = {}
        """By method, the errors of its next calls."""
        self.calls: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._store, name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            self.calls[name] += 1
            if failures := self.failures.get(name):
                raise failures.pop(0)
            return await method(*args, **kwargs)

        return call


class LocalQdrant:
    """qdrant-client's local mode, made to refuse what is missing with the status a server has for it."""

    def __init__(self) -> None:
        self._client = AsyncQdrantClient(":memory:")

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._client, name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", UserWarning)  # it has no payload indexes, and says so
                    return await method(*args, **kwargs)
            except (ValueError, KeyError) as error:
                status = 409 if "already exists" in str(error) else 404
                raise UnexpectedResponse(status, "", str(error).encode(), Headers()) from error

        return call


def local_qdrant() -> AsyncQdrantClient:
    """A client of a Qdrant that lives in this process's memory."""
    return cast(AsyncQdrantClient, LocalQdrant())
