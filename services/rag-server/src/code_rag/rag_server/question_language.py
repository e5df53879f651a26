"""Whether a question is in a script that the embedding model cannot read, and what to do then."""

import re

UNREAD = "the embedding model reads English"
"""How the sentence starts that says so."""

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

    What an English model finds then is chance: of 20 Korean questions over English code it answers none.
    """
    letters = sum(map(str.isalpha, question))
    if 2 * len(_LATIN.findall(question)) >= letters or not _ENGLISH_ONLY.search(model):
        return ""
    return (
        f"{UNREAD} ({model}), so the question is compared by its words only: "
        "ask in English, or use an embedding-server with a multilingual model"
    )
