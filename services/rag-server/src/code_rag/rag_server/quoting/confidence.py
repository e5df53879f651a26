"""Whether the best places answer a question, decided from rank, meaning and words together."""

from collections.abc import Mapping

from code_rag.rag_server.answer import AnswerState
from code_rag.rag_server.lexical import term_id
from code_rag.rag_server.quoting.places import Place

COVERED = 0.3
UNKNOWN = 0.5
"""What a question counts against the answer if all its telling words are nowhere in the index."""
ANSWERED = 1.05
"""At least this confident: of 16 questions that seven packages do not answer one comes so far, of 51 answered
rightly 44 do (`make bench-answers`)."""
UNSURE = 0.8
"""Less confident than this is not found: 9 of those 16 questions, none of the 51."""


def confidence(words: Mapping[str, float], idf: Mapping[int, float], best: Place, covered: float) -> float:
    """The best place's score, raised by the telling words that are shown, lowered by those in no file."""
    total = sum(words.values())
    unknown = sum(weight for word, weight in words.items() if not idf.get(term_id(word), 0.0))
    return best.score + COVERED * covered - UNKNOWN * (unknown / total if total else 0.0)


def state_of(confident: float) -> AnswerState:
    """Answered, unsure or not found."""
    if confident >= ANSWERED:
        return "answered"
    return "unsure" if confident >= UNSURE else "not_found"
