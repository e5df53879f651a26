"""Which chunks of the first files answer a question best, by rank, meaning and telling words."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from code_rag.rag_server.lexical import stems
from code_rag.rag_server.model import Candidate, Chunk, Hit
from code_rag.rag_server.quoting.wording import IMPORT, matched, share
from code_rag.rag_server.ranking.places import unasked

PLACES = 3
WORDS = 0.3
"""What the telling words of a chunk weigh, compared with its score as a hit and its cosine."""
PROSE = 0.9
"""What is left of a score in documentation, which an implementation outranks."""
HISTORY = 0.6
"""The same in a list of changes, or the package's metadata."""
ELSEWHERE = 0.6
"""The same in tests, examples, vendored and compatibility code."""
IMPORTS = 0.5
"""The same in a chunk that mostly imports."""
WORTH_SHOWING = 0.7
"""A place with less than this share of the best one's score is not shown."""
SAME_TEXT = 0.7
"""Of two chunks that share this part of their lines only the better one is shown."""

_HISTORY = re.compile(
    r"(?:^|/)(?:change|history|news|release)[^/]*$|(?:^|/)(?:METADATA|PKG-INFO)$", re.IGNORECASE
)
_ASKS_HISTORY = frozenset(stems("change changed changelog history release version new news"))
_ELSEWHERE = frozenset({"test", "example", "vendored", "compatibility"})


@dataclass(frozen=True, slots=True)
class Place:
    """A chunk that may answer the question."""

    chunk: Chunk
    score: float
    """About 0.6 for a guess and 1.2 for a good answer."""
    covered: float
    """The share of the question's telling words that it has, by weight."""


def score_places(
    words: Mapping[str, float], asked: Collection[str], hits: Sequence[Hit], nearby: Sequence[Candidate]
) -> list[Place]:
    """The hits and the other chunks of their files, best first.

    `words` are the question's telling words, `asked` the stems of all its words. A chunk without a vector
    counts by its words in place of its cosine.
    """
    hit_ids = {hit.chunk.id for hit in hits}
    found = [(hit.chunk, hit.score, hit.cosine) for hit in hits]
    found += [(each.chunk, 0.0, each.cosine) for each in nearby if each.chunk.id not in hit_ids]
    places = [_place(words, asked, *each) for each in found]
    return sorted(places, key=lambda place: -place.score)


def best_places(places: Sequence[Place]) -> Iterator[Place]:
    """The places worth showing: the best, and others nearly as good with another text."""
    shown: list[Place] = []
    for place in places:
        if len(shown) == PLACES or place.score < WORTH_SHOWING * places[0].score:
            return
        if not any(_same_text(place.chunk, other.chunk) for other in shown):
            shown.append(place)
            yield place


def _place(
    words: Mapping[str, float], asked: Collection[str], chunk: Chunk, score: float, cosine: float | None
) -> Place:
    covered = share(words, matched(words, chunk.text))
    meaning = covered if cosine is None else max(cosine, 0.0)
    return Place(chunk, (score + WORDS * covered + meaning) * _factor(chunk, asked), covered)


def _factor(chunk: Chunk, asked: Collection[str]) -> float:
    """What is left of a chunk's score because of what it is."""
    kinds = {kind.name for kind in unasked(chunk.path, asked)}
    factor = 1.0
    if "documentation" in kinds:
        factor *= PROSE
    if _HISTORY.search(chunk.path) and not _ASKS_HISTORY.intersection(asked):
        factor *= HISTORY
    if kinds & _ELSEWHERE:
        factor *= ELSEWHERE
    lines = chunk.text.split("\n")
    if 2 * sum(IMPORT.match(line) is not None for line in lines) > len(lines):
        factor *= IMPORTS
    return factor


def _same_text(one: Chunk, other: Chunk) -> bool:
    lines = [{line.strip() for line in chunk.text.split("\n")} for chunk in (one, other)]
    return len(lines[0] & lines[1]) >= SAME_TEXT * min(map(len, lines))
