"""Corrects words of a question that are nowhere in the index: one typing mistake, or British spelling."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile

from code_rag.rag_server.identifiers import split_identifier
from code_rag.rag_server.lexical import term_id, tokenize
from code_rag.rag_server.quoting.wording import is_telling

SHORTEST = 5
"""Shorter words have too many neighbours."""

_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
_WORD = re.compile(r"(?<!\w)[A-Za-z]+(?!\w)")
_ALIKE = tuple(map(frozenset, ("aeiouy", "sz", "cks")))
"""Letters that are mistaken for each other, also between British and American spelling."""


def respelled(question: str, idf: Mapping[int, float], texts: Iterable[str]) -> str:
    """The question with each word that is nowhere in the index replaced by the likeliest word of `texts`.

    Only words with one mistake are replaced: two letters swapped, one missing, one too many, or one
    that sounds alike. Words with capitals inside are names, and stay.
    """
    unknown = {word for word in _WORD.findall(question) if _is_unknown(word, idf)}
    if not unknown:
        return question
    counts = Counter(part for word in _words_of(texts) for part in split_identifier(word))
    meant = {word: _likeliest(word.lower(), counts) for word in unknown}
    return _WORD.sub(lambda match: meant.get(match[0]) or match[0], question)


def _words_of(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from set(_IDENTIFIER.findall(text))


def _is_unknown(word: str, idf: Mapping[int, float]) -> bool:
    if len(word) < SHORTEST or not word[1:].islower() or not is_telling(word):
        return False
    return not any(idf.get(term_id(term), 0.0) for term in tokenize(word))


def _likeliest(word: str, counts: Mapping[str, int]) -> str:
    """The most frequent word with one mistake less; empty if there is none."""
    near = [other for other in counts if other[0] == word[0] and is_one_mistake(word, other)]
    return max(near, key=lambda other: (counts[other], other), default="")


def is_one_mistake(word: str, other: str) -> bool:
    """Whether the words differ by two swapped letters, one missing or too many, or one that sounds alike."""
    if word == other or abs(len(word) - len(other)) > 1:
        return False
    same = takewhile(lambda pair: pair[0] == pair[1], zip(word, other, strict=False))
    at = len(list(same))
    rest, other_rest = word[at:], other[at:]
    if len(word) != len(other):
        return rest[1:] == other_rest or rest == other_rest[1:]
    if rest[2:] == other_rest[2:] and rest[:2] == other_rest[1::-1]:
        return True
    return rest[1:] == other_rest[1:] and any({rest[0], other_rest[0]} <= alike for alike in _ALIKE)
