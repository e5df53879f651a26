"""Hand-written fakes of the ports that searching and answering stand on, and builders for their values."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from code_rag.rag_server.answer import AS_IT_LIKES, Finish, LanguageModel, Sampling, Token, Usage
from code_rag.rag_server.model import (
    Candidate,
    Candidates,
    Chunk,
    Hit,
    Point,
    Query,
    Scope,
    StoredFile,
    Vector,
    VectorKind,
    chunk_id,
)
from code_rag.rag_server.ports import VectorCache
from code_rag.rag_server.progress import NEVER_RAN, IndexReport
from code_rag.servicekit.errors import ServiceError
from tests.unit.rag_server.fakes import FakeCache


def a_chunk(
    path: str = "shop/orders.py",
    start: int = 1,
    text: str = "def cancel(order):\n    return order",
    **fields: str,
) -> Chunk:
    """A chunk of as many lines as its text has, from line `start`."""
    return Chunk(
        id=chunk_id(path, start, text),
        path=path,
        language=fields.get("language", "python"),
        start_line=start,
        end_line=start + text.count("\n"),
        symbol=fields.get("symbol", ""),
        kind="function",
        text=text,
        file_digest=fields.get("digest", "d1"),
        file_chunks=1,
        symbols=(fields["symbol"],) if fields.get("symbol") else (),
    )


def a_hit(chunk: Chunk, score: float = 1.0) -> Hit:
    """A hit by words alone."""
    return Hit(chunk, score, {"words": score})


def a_candidate(chunk: Chunk, bm25: float = 0.0, cosine: float | None = None) -> Candidate:
    """A chunk as the store finds it."""
    return Candidate(chunk, bm25, cosine)


def a_report(pending: int = 0, **fields: Any) -> IndexReport:
    """An index run with so many files to go."""
    return replace(NEVER_RAN, files=replace(NEVER_RAN.files, pending=pending), **fields)


@dataclass
class FakeStore:
    """Finds what it was given, whatever the query; `failure` makes every call raise."""

    found: Sequence[Candidate] = ()
    chunks: int = 1
    failure: ServiceError | None = None
    asked: list[tuple[Query, int]] = field(default_factory=list)
    closed: bool = False
    cache: VectorCache = field(default_factory=FakeCache)

    def _answer(self) -> None:
        if self.failure:
            raise self.failure

    async def upsert(self, points: Sequence[Point]) -> None:
        self._answer()

    async def remove_stale(self, path: str, digest: str) -> None:
        self._answer()

    async def files(self, path: str = "") -> Mapping[str, StoredFile]:
        self._answer()
        return {}

    async def stored_chunks(self, paths: Sequence[str], missing: VectorKind | None = None) -> Sequence[Chunk]:
        self._answer()
        return ()

    async def add_vectors(self, vectors: Mapping[str, Vector], kind: VectorKind) -> None:
        self._answer()

    async def search(self, query: Query, limit: int) -> Candidates:
        self._answer()
        self.asked.append((query, limit))
        found = self.found[:limit]
        idf = dict.fromkeys(query.sparse.indices, 2.0)
        if query.dense is None:
            found = [Candidate(each.chunk, each.bm25, None) for each in found if each.bm25]
        return Candidates(tuple(found), idf, exhausted=len(self.found) <= limit)

    async def defining(self, names: Sequence[str], scope: Scope, limit: int) -> Sequence[Chunk]:
        self._answer()
        return ()

    async def referencing(self, names: Sequence[str], scope: Scope, limit: int) -> Sequence[Chunk]:
        self._answer()
        return ()

    async def in_file(self, path: str) -> Sequence[Chunk]:
        self._answer()
        return ()

    async def defined_names(self) -> Sequence[str]:
        self._answer()
        return ()

    async def vectors(self, ids: Sequence[str]) -> Mapping[str, Vector]:
        self._answer()
        return {}

    async def count(self) -> int:
        self._answer()
        return self.chunks

    async def counts(self, kind: VectorKind | None = None) -> Mapping[str, int]:
        self._answer()
        if kind == "header":
            return {}
        return {f"{number}.py": 1 for number in range(self.chunks)}

    async def ping(self) -> None:
        self._answer()

    async def close(self) -> None:
        self.closed = True


@dataclass
class FakeChat:
    """Says `says`, piece by piece, and then raises `failure` or, with `hangs`, stays silent until closed."""

    says: Sequence[str] = ("Cancelling keeps the order ", "[1:1-2].")
    failure: ServiceError | None = None
    hangs: bool = False
    can_write: bool = True
    finish: Finish = "stop"
    usage: Usage | None = None
    is_fallback: bool = False
    reads: float | None = None
    """Tokens a second, for a model on this machine."""
    asked: list[Sequence[Mapping[str, str]]] = field(default_factory=list)
    sampled: list[Sampling] = field(default_factory=list)
    stopped: asyncio.Event = field(default_factory=asyncio.Event)

    async def writes(self) -> LanguageModel | None:
        """It, if it says anything."""
        return LanguageModel("fake-model", None, self.reads) if self.can_write else None

    async def stream(
        self, messages: Sequence[Mapping[str, str]], sampling: Sampling = AS_IT_LIKES
    ) -> AsyncGenerator[Token, None]:
        self.asked.append(messages)
        self.sampled.append(sampling)
        try:
            for text in self.says:
                yield Token(text, "fake-model", self.finish, is_fallback=self.is_fallback)
            if self.usage:
                yield Token("", "fake-model", usage=self.usage)
            if self.failure:
                raise self.failure
            if self.hangs:
                await asyncio.Event().wait()
        finally:
            self.stopped.set()

    async def ping(self) -> str:
        if self.failure:
            raise self.failure
        return "fake-model"

    async def close(self) -> None:
        """Nothing to close."""
