"""The use case of finding code that is similar to a place: by its stored vector and by its words."""

from collections.abc import Sequence
from dataclasses import dataclass

from code_rag.rag_server.lexical import encode_query
from code_rag.rag_server.model import Candidate, Candidates, Chunk, Query, Scope
from code_rag.rag_server.searching import CANDIDATES, Searcher
from code_rag.rag_server.stopwatch import Stopwatch
from code_rag.servicekit.errors import InvalidInput, NotFound


@dataclass(frozen=True, slots=True)
class Similar:
    """A chunk like the one that was given; its score is the sum of its parts."""

    chunk: Chunk
    dense: float | None
    """Half the cosine of the two vectors; None where there is no vector to compare."""
    lexical: float
    """Its share of words in common, each weighed by how rare it is: half of it, or all without a vector."""
    is_copy: bool
    """Whether it is the same text but for white space."""

    @property
    def score(self) -> float:
        """From 0 to 1, which is a copy."""
        return (self.dense or 0.0) + self.lexical


@dataclass(frozen=True, slots=True)
class SimilarTo:
    """The chunk that a line is in, and the chunks like it, the most similar first."""

    subject: Chunk
    similar: tuple[Similar, ...]
    degraded: tuple[str, ...]
    timings: dict[str, float]


@dataclass(slots=True)
class SimilarFinder:
    """Compares the chunks of the index that `searcher` searches."""

    searcher: Searcher

    async def find_similar(self, path: str, line: int, scope: Scope, limit: int) -> SimilarTo:
        """Up to `limit` chunks within `scope` that are like the one at `path`, line `line`.

        Raises NotFound for a file that is not indexed, InvalidInput for a line after its end, and the store's
        errors.
        """
        watch, store = Stopwatch(), self.searcher.store
        subject = _at(await store.in_file(path), path, line)
        with watch.step("search"):
            vector = (await store.vectors([subject.id])).get(subject.id)
            found = await store.search(Query(vector, encode_query(subject.text), scope=scope), CANDIDATES)
        degraded = []
        if vector is None:
            degraded.append("semantic search is off: this part of the file has no vector yet")
            self.searcher.count_degradation("semantic search is off")
        await self.searcher.note_index(True, scope, degraded)
        ranked = sorted(_compared(subject, found), key=_most_similar_first)
        return SimilarTo(subject, tuple(ranked[:limit]), tuple(degraded), watch.timings)


def _at(chunks: Sequence[Chunk], path: str, line: int) -> Chunk:
    """The chunk that has the line; for a blank line between two chunks the one before it."""
    if not chunks:
        raise NotFound(f"{path} is not in the index.", param="similar_to")
    if line > chunks[-1].end_line:
        message = f"similar_to: the code in {path} ends at line {chunks[-1].end_line}."
        raise InvalidInput(message, param="similar_to")
    return next((chunk for chunk in reversed(chunks) if chunk.start_line <= line), chunks[0])


def _compared(subject: Chunk, found: Candidates) -> list[Similar]:
    """All candidates but the subject; one that has no vector yet counts by its words on the whole scale."""
    # The subject has all of its own words; where the scope leaves it out, the best candidate stands for it.
    own = next((each.bm25 for each in found.found if each.chunk.id == subject.id), 0.0)
    most = own or max((each.bm25 for each in found.found), default=0.0) or 1.0
    text = subject.text.split()
    return [
        _similar(each, min(each.bm25 / most, 1.0), each.chunk.text.split() == text)
        for each in found.found
        if each.chunk.id != subject.id
    ]


def _similar(candidate: Candidate, words: float, is_copy: bool) -> Similar:
    if candidate.cosine is None:
        return Similar(candidate.chunk, None, words, is_copy)
    return Similar(candidate.chunk, max(candidate.cosine, 0.0) / 2, words / 2, is_copy)


def _most_similar_first(similar: Similar) -> tuple[bool, float, str, int]:
    return not similar.is_copy, -similar.score, similar.chunk.path, similar.chunk.start_line
