"""BM25 over identifiers: chunks and queries as sparse vectors.

A document's values contain all of BM25 except the inverse document frequency, which the vector store
applies (Qdrant's `idf` modifier), so that a score is the plain dot product with the query.
"""

import re
from collections import Counter
from functools import lru_cache
from pathlib import PurePosixPath
from zlib import crc32

from code_rag.rag_server.identifiers import split_identifier
from code_rag.rag_server.model import Chunk, SparseVector
from code_rag.rag_server.syllables import is_syllabic, split_scripts, syllable_terms

K1 = 1.5
B = 0.75
AVERAGE_TOKENS = 80
"""Mean tokens of a document: 83 in chunks of Python packages, 65 to 80 in Java, PHP, C and JavaScript."""

_WORD = re.compile(r"\w+")
_SUFFIX = re.compile(r"(?<=...)(?:ations?|ings?|ie[sd]|y|ers?|ed|es|s|e)$")
_BRITISH = re.compile(r"(?<=[a-z]{3})(?:our|is|ys)$")
_AMERICAN = {"our": "or", "is": "iz", "ys": "yz"}
_DOUBLE_LETTER = re.compile(r"([a-z])\1$")
_STOP_WORDS = frozenset(
    [
        *("a", "an", "the", "this", "that", "these", "those", "it", "its", "there", "here"),
        *("i", "we", "you", "they", "our", "your", "my", "is", "are", "was", "were", "be", "been"),
        *("do", "does", "did", "has", "have", "had", "can", "could", "should", "would", "will", "may"),
        *("to", "of", "in", "on", "at", "by", "for", "with", "from", "into", "as", "about"),
        *("and", "or", "but", "if", "then", "than", "so"),
        *("how", "what", "where", "which", "who", "when", "why"),
    ]
)


def tokenize(text: str) -> list[str]:
    """The stemmed terms of a text: each identifier as a whole and, if it has several words, each word."""
    words = _WORD.findall(text) if text.isascii() else split_scripts(text)
    return [term for word in words for term in _terms(word)]


def stems(text: str) -> tuple[str, ...]:
    """The stems of the words in a text and inside its identifiers, each once, without stop words."""
    words = (part for word in _WORD.findall(text) for part in split_identifier(word))
    return tuple(dict.fromkeys(_stem(word) for word in words if word not in _STOP_WORDS))


def encode_document(chunk: Chunk) -> SparseVector:
    """Weigh the terms of a chunk, its file's name (twice), last three folders and symbols (twice).

    A symbol whose name is a stop word, such as a method `where`, is a term too.
    """
    path = PurePosixPath(chunk.path)
    names = " ".join([path.stem, *(chunk.symbols or (chunk.symbol,))])
    counts = Counter(tokenize(" ".join([chunk.text, names, names, *path.parent.parts[-3:]])))
    counts.update(name for symbol in chunk.symbols if (name := _last_name(symbol)) in _STOP_WORDS)
    norm = K1 * (1 - B + B * counts.total() / AVERAGE_TOKENS)
    return _vector({term: count * (K1 + 1) / (count + norm) for term, count in counts.items()})


def encode_query(text: str) -> SparseVector:
    """Give each distinct term of a query the weight 1; a stop word counts only if it is the whole query."""
    word = text.strip("` \t\n").removesuffix("()").lower()
    terms = [word] if word in _STOP_WORDS else tokenize(text)
    return _vector(dict.fromkeys(terms, 1.0))


@lru_cache(maxsize=100_000)
def _terms(word: str) -> tuple[str, ...]:
    if is_syllabic(word):
        return tuple(syllable_terms(word))
    parts = split_identifier(word)
    terms = [_stem(part) for part in parts if part not in _STOP_WORDS]
    return (_stem("".join(parts)), *terms) if len(parts) > 1 else tuple(terms)


def term_id(term: str) -> int:
    """The id of a term; two terms may share one of the 2^32 ids."""
    return crc32(term.encode())


def _last_name(symbol: str) -> str:
    return symbol.rpartition(".")[2].lower()


def _stem(word: str) -> str:
    # Minimal stemming: maps runs, running and run to the same stem, in documents and queries, and colour to
    # color, initialise to initialize.
    stem = _BRITISH.sub(lambda match: _AMERICAN[match[0]], _SUFFIX.sub("", word))
    return _DOUBLE_LETTER.sub(r"\1", stem)


def _vector(weights: dict[str, float]) -> SparseVector:
    by_id: dict[int, float] = {}
    for term, weight in weights.items():
        index = term_id(term)
        by_id[index] = by_id.get(index, 0.0) + weight  # of two terms that share an id
    indices = sorted(by_id)
    return SparseVector(tuple(indices), tuple(by_id[index] for index in indices))
