"""A store in which some chunks have another text, without writing to it: what search would find then."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import hypot
from typing import Any

from code_rag.rag_server.identifiers import defined_names
from code_rag.rag_server.lexical import encode_document
from code_rag.rag_server.model import Candidate, Candidates, Chunk, Query, Scope, Vector
from code_rag.rag_server.ports import VectorStore


@dataclass(frozen=True, slots=True)
class Mask:
    """A chunk with its other text, and the vector of that; None where it could not be embedded."""

    chunk: Chunk
    vector: Vector | None


@dataclass(slots=True)
class MaskedStore:
    """Answers as `store` would if the chunks of `masks`, by id, had their other text.

    Everything but finding chunks is passed on to the store itself.
    """

    store: VectorStore
    masks: Mapping[str, Mask]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    async def search(self, query: Query, limit: int) -> Candidates:
        """The best `limit` chunks by each vector and by name, and the masked ones if they are among them."""
        found = await self.store.search(query, limit)
        others = [each for each in found.found if each.chunk.id not in self.masks]
        masked = [_candidate(mask, query, found.idf) for mask in self.masks.values()]
        return replace(
            found, found=(*others, *(each for each in masked if _is_found(each, query, others, limit)))
        )

    async def defining(self, names: Sequence[str], scope: Scope, limit: int) -> Sequence[Chunk]:
        """Up to `limit` chunks that define one of these plain names."""
        chunks = await self.store.defining(names, scope, limit)
        return [self.masks[chunk.id].chunk if chunk.id in self.masks else chunk for chunk in chunks]


def _candidate(mask: Mask, query: Query, idf: Mapping[int, float]) -> Candidate:
    document = encode_document(mask.chunk)
    weights = dict(zip(document.indices, document.values, strict=True))
    terms = zip(query.sparse.indices, query.sparse.values, strict=True)
    bm25 = sum(value * weights.get(index, 0.0) * idf.get(index, 0.0) for index, value in terms)
    comparable = query.dense is not None and mask.vector is not None
    return Candidate(mask.chunk, bm25, _cosine(query.dense or (), mask.vector) if comparable else None)


def _is_found(masked: Candidate, query: Query, others: Sequence[Candidate], limit: int) -> bool:
    """Whether it would be found by name, or by one of the two searches among its best `limit` chunks."""
    by_words = sum(each.bm25 > masked.bm25 for each in others) < limit and masked.bm25 > 0
    by_meaning = masked.cosine is not None and (
        sum((each.cosine or 0.0) > masked.cosine for each in others) < limit
    )
    return by_words or by_meaning or bool(query.names & defined_names(masked.chunk.symbols))


def _cosine(one: Vector, other: Vector | None) -> float:
    length = hypot(*one) * hypot(*other or ())
    return sum(a * b for a, b in zip(one, other or (), strict=True)) / length if length else 0.0
