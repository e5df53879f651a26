"""Recognises questions about a codebase as a whole, in any usual wording."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from code_rag.rag_server.overview.topic import Topic
from code_rag.rag_server.overview.wordings import FILLERS, SIGNS, words_of


@dataclass(frozen=True, slots=True)
class Asked:
    """A topic, and the words of the question that only a name in the codebase explains."""

    topic: Topic
    name: str = ""


MAX_WORDS = 40
"""A longer question says more than an overview question does."""
MAX_NAME = 3
"""How many words a name may have."""


_BARE = re.compile(
    r"(?:so|ok|hi|hey|hello|well|please|(?:can|could) you \w+ me|\w+ me|do you know)?\W*"
    r"what(?:'s|s| (?:does|do|is|are|kind of|sort of|type of))? (?P<subject>.+?)"
    r"(?: (?:do|does|is|are|for|about|all about|doing|supposed to do|good for|used for|do for me|exactly"
    r"|actually"
    r"|really|then|anyway|here))*"
)
_ANYTHING = words_of(
    "this it that project repo repository codebase program application app package library tool"
)
_CODE = re.compile(r"[`\"]|\w\(|::|\w\.\w|[=;{}]")
_CLAUSES = re.compile(r"\s*(?:[,;?!]+(?:\s+(?:and|or)\b)?|\band\b)\s*|(?<=\w)\.\s+")


def recognise(question: str) -> tuple[Asked, ...]:
    """The topics of an overview question, in order; none for a question about something narrower."""
    plain = " ".join(question.replace("’", "'").casefold().split()).strip(" .?!:")
    if len(plain.split()) > MAX_WORDS or _CODE.search(question):
        return ()
    clauses = [clause for clause in _CLAUSES.split(plain) if clause]
    found = [_clause(clause) for clause in clauses]
    known = [each for each in found if each]
    if len(known) < len(found) or not known:
        known = [whole] if (whole := _clause(plain)) else []
    return tuple(dict.fromkeys(known))


def _clause(clause: str) -> Asked | None:
    """What one clause asks; the reading that leaves the fewest words unexplained."""
    words = re.findall(r"[^\W_][\w.+-]*", clause.replace("'s", ""))
    readings = list(_readings(clause, words))
    if not readings:
        return None
    topic, rest = min(readings, key=lambda reading: len(reading[1]))
    return Asked(topic, " ".join(rest)) if len(rest) <= MAX_NAME else None


def _readings(clause: str, words: list[str]) -> Iterator[tuple[Topic, list[str]]]:
    for signs in SIGNS:
        if signs.fit(clause):
            yield signs.topic, signs.rest(words)
    if bare := _BARE.fullmatch(clause):
        subject = re.findall(r"[^\W_][\w.+-]*", bare["subject"].replace("'s", ""))
        rest = [word for word in subject if word not in FILLERS]
        if rest or not _ANYTHING.isdisjoint(subject):
            yield Topic.PURPOSE, rest
