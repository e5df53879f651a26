"""Whether a question is in a language that the embedding model does not read, and what to do then."""

import re

from code_rag.rag_server.answer_language import ENGLISH, language_of

UNREAD = "the embedding model reads English"
"""How the sentence starts that says so."""

ADVICE = "ask in English, or use an embedding-server with a multilingual model (EMBEDDING_MODEL)"

_ENGLISH_ONLY = re.compile(
    r"""
      all-(?:minilm|mpnet|distilroberta)
    | multi-qa-
    | msmarco-
    | paraphrase-(?!multilingual)
    | (?:^|/)bge-\w+-en\b
    | (?:^|/)e5-(?:small|base|large)\b
    | (?:^|/)gte-(?:small|base|large)(?:$|-en\b)
    | snowflake-arctic-embed-(?:xs|s|m|l)$
    | nomic-embed-text-v1
    | coderankembed
    """,
    re.IGNORECASE | re.VERBOSE,
)
_LATIN = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")


def unread(question: str, model: str) -> str:
    """Why `model` cannot compare this question with code; empty if it can, or if nothing is known of it.

    What an English model finds for another script is chance: of 20 Korean questions over English code it
    answers none.
    """
    if not is_unread(question) or not _ENGLISH_ONLY.search(model):
        return ""
    return f"{UNREAD} ({model}), so the question is compared by its words only: {ADVICE}"


def is_unread(question: str) -> bool:
    """Whether most of its letters are not Latin."""
    letters = sum(map(str.isalpha, question))
    return 2 * len(_LATIN.findall(question)) < letters


def is_read(question: str, model: str) -> bool:
    """Whether nothing is known to keep `model` from comparing the question with code."""
    return not (unread(question, model) or half_read(question, model))


def half_read(question: str, model: str) -> str:
    """Why `model` compares this question with code poorly; empty if it does not, or cannot at all."""
    language = language_of(question)
    if language == ENGLISH or unread(question, model) or not _ENGLISH_ONLY.search(model):
        return ""
    return f"{UNREAD} ({model}), and the question seems to be in {language}: {ADVICE}"
