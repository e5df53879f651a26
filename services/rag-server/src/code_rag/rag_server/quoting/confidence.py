"""Whether the best places answer a question, decided from rank, meaning and words together."""

from collections.abc import Mapping

from code_rag.rag_server.answer import AnswerState
from code_rag.rag_server.lexical import term_id
from code_rag.rag_server.quoting.places import WORDS, Place

COVERED = 0.3
"""What it counts for the answer if all telling words are shown."""
UNKNOWN = 0.5
"""What it counts against the answer if all of them are nowhere in the index."""
ENOUGH_WORDS = 6
"""Of a question with fewer telling words it says less that a place has them."""
ANSWERED = 1.0
"""At least this confident: of 16 questions that seven packages do not answer one comes so far, of 51 answered
rightly 44 do (`make bench-answers`)."""
UNSURE = 0.75
"""Less confident than this is not found: 9 of those 16 questions, one of the 51."""


def confidence(words: Mapping[str, float], idf: Mapping[int, float], best: Place, covered: float) -> float:
    """The best place's score, raised by the telling words that are shown, lowered by those in no file."""
    total = sum(words.values())
    unknown = sum(weight for word, weight in words.items() if not idf.get(term_id(word), 0.0))
    fullness = min(1.0, len(words) / ENOUGH_WORDS)
    of_words = fullness * COVERED * covered - (1 - fullness) * WORDS * best.covered
    return best.score + of_words - UNKNOWN * (unknown / total if total else 0.0)


def state_of(confident: float) -> AnswerState:
    """Answered, unsure or not found."""
    if confident >= ANSWERED:
        return "answered"
    return "unsure" if confident >= UNSURE else "not_found"
