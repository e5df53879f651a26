"""The telling words of a question, how much each weighs, and which of them a text has."""

import re
from collections.abc import Collection, Mapping

from code_rag.rag_server.answer_language import common_words, language_of
from code_rag.rag_server.lexical import term_id, tokenize
from code_rag.rag_server.syllables import is_syllabic, split_scripts

GENERIC = 0.35
"""What a word that is in most questions about code weighs, compared with others as rare."""
SHORTEST_PREFIX = 4
"""`auth` matches `authentication`."""

_FUNCTION_WORDS = """
a about across after again all along already also always am an and another any are aren around as at be
because been before behind being between both but by can cant could couldn d did didn didnt do does doesn
doesnt doing don done dont down during each either else even ever every few for from had has have having
he her here him himself his how i if in instead into is isn isnt it its itself just less ll many may me
meanwhile might more most much must my neither never no nor not nothing now of off on once one only onto
or other others our out over own per rather re s same she should shouldn since so some something
still such t than that the their them then there these they this those though through till to too under
until up upon us ve very was wasn we were weren what whatever when whenever where whether which while who
whom whose why will with within without won would wouldn yet you your
"""
_GENERIC_WORDS = """
actually call called code come comes decide decided decides exactly explain find found gave get gets
getting give given gives go goes got happen happened happens keep kept know let like made make makes mean
means need needs please put shown take taken takes use used uses using want wanted wants way went
work worked working works
"""


def _stems(words: str) -> frozenset[str]:
    """Their terms; those of words that no index holds are the words themselves."""
    return frozenset(term for word in words.split() for term in (word, *tokenize(word)))


_NO_TERMS = _stems(_FUNCTION_WORDS)
_GENERIC_TERMS = _stems(_GENERIC_WORDS)
IMPORT = re.compile(
    r"""\s*(?: import\b | from\s+\S+\s+import | \#\s*include | use\s+[\w:]+ | package\s | using\s
    | (?:const|let|var)\s+[\w{}\s,:]+=\s*require\( | export\s+(?:\*|\{.*\})\s*from )""",
    re.VERBOSE,
)
"""A line that only brings in names from elsewhere: it has many words and answers nothing."""


def telling_words(question: str, idf: Mapping[int, float]) -> dict[str, float]:
    """The terms of a question that say what it is about, with their weights.

    A term weighs its inverse document frequency over the whole index; one that occurs nowhere weighs as much
    as the rarest that does.
    """
    common = common_words(language_of(question))
    rarest = max(idf.values(), default=0.0) or 1.0
    weights: dict[str, float] = {}
    for word in split_scripts(question):
        if word.lower() in common:
            continue
        for term in _terms(word, idf):
            weight = (idf.get(term_id(term), 0.0) or rarest) * (GENERIC if term in _GENERIC_TERMS else 1.0)
            weights[term] = weight
    return {term: weight for term, weight in weights.items() if term not in _NO_TERMS}


def _terms(word: str, idf: Mapping[int, float]) -> list[str]:
    """The terms of a word; of pairs of syllables those that occur, as others only span its endings."""
    terms = tokenize(word)
    if not is_syllabic(word):
        return terms
    return [term for term in terms if idf.get(term_id(term), 0.0)] or terms[:1]


def is_telling(word: str) -> bool:
    """Whether a word says what a question is about."""
    terms = tokenize(word)
    return bool(terms) and not any(term in _NO_TERMS | _GENERIC_TERMS for term in (word.lower(), *terms))


def matched(words: Collection[str], text: str) -> set[str]:
    """The telling words that a text has; the beginning of a word is enough, and imports do not count."""
    lines = (line for line in text.split("\n") if not IMPORT.match(line))
    terms = set(tokenize("\n".join(lines)))
    starts = {term[:SHORTEST_PREFIX] for term in terms}
    return {
        word
        for word in words
        if word in terms or (word[:SHORTEST_PREFIX] in starts and _is_begun(word, terms))
    }


def share(words: Mapping[str, float], found: Collection[str]) -> float:
    """The share of the weight of `words` that is in `found`."""
    total = sum(words.values())
    return sum(weight for word, weight in words.items() if word in found) / total if total else 0.0


def _is_begun(word: str, terms: Collection[str]) -> bool:
    if len(word) < SHORTEST_PREFIX:
        return False
    return any(
        len(term) >= SHORTEST_PREFIX and (term.startswith(word) or word.startswith(term)) for term in terms
    )
