"""Answers a question by quoting: the lines of the first files that say most about it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from code_rag.rag_server.answer import AnswerState
from code_rag.rag_server.lexical import stems, term_id, tokenize
from code_rag.rag_server.model import Candidate, Chunk, Hit
from code_rag.rag_server.quoting.confidence import confidence, state_of
from code_rag.rag_server.quoting.excerpt import Excerpt
from code_rag.rag_server.quoting.places import Place, best_places, score_places
from code_rag.rag_server.quoting.regions import Regions
from code_rag.rag_server.quoting.wording import is_telling, matched, share, telling_words

UNKNOWN_NAMED = 3
"""How many words that are nowhere in the index are named."""

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Quotes:
    """The excerpts that answer a question best, whether they do, and a sentence where that is in doubt."""

    excerpts: tuple[Excerpt, ...]
    state: AnswerState = "answered"
    opening: str = ""


@dataclass(frozen=True, slots=True)
class Quoter:
    """Quotes for one question; `idf` is that of its terms over the whole index, by term id."""

    question: str
    idf: Mapping[int, float]
    is_read: bool = True
    """Whether the embedding model reads the question's language; if not, nothing is said not to be there."""

    def places(self, hits: Sequence[Hit], nearby: Sequence[Candidate]) -> list[Place]:
        """The hits and the other chunks of the first files, the best answers first."""
        words = telling_words(self.question, self.idf)
        return score_places(words, stems(self.question), hits, nearby)

    def quotes(self, places: Sequence[Place], files: Mapping[str, Sequence[Chunk]]) -> Quotes:
        """At most three excerpts of `files`, which holds all chunks of the files of the best places."""
        words = telling_words(self.question, self.idf)
        regions = Regions(files, {place.chunk.id: place.score for place in places}, words)
        found = (regions.around(place) for place in best_places(places))
        excerpts = tuple(excerpt for excerpt in found if excerpt)
        shown = "\n".join(_shown(each) for each in excerpts)
        state = state_of(confidence(words, self.idf, places[0], share(words, matched(words, shown))))
        if state == "not_found" and not self.is_read:
            state = "unsure"
        return Quotes(excerpts, state, self._opening(state))

    def _opening(self, state: AnswerState) -> str:
        """What is said before excerpts that may not be the answer."""
        if state == "answered":
            return ""
        unknown = self._unknown_words()[:UNKNOWN_NAMED]
        why = f" No indexed file has the word {' or '.join(unknown)}." if unknown else ""
        if state == "not_found":
            return f"Not found in the indexed code.{why} The nearest places:"
        return f"Not sure: nothing in the indexed code clearly answers this.{why} The nearest places:"

    def _unknown_words(self) -> list[str]:
        """The telling words of the question, as they are asked, that are nowhere in the index."""
        telling = telling_words(self.question, self.idf).keys()
        terms = {word: set(tokenize(word)) for word in _WORD.findall(self.question) if is_telling(word)}
        known = {term for term in telling if self.idf.get(term_id(term)) and len(term) > 2}
        return [word for word, its in terms.items() if its & telling and not its & known]


def _shown(excerpt: Excerpt) -> str:
    """What a reader sees of an excerpt."""
    quoted = (line for _, lines in excerpt.quoted() for line in lines)
    return "\n".join((excerpt.path, excerpt.symbol, *quoted))
