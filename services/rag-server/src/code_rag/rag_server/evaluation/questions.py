"""Questions with known answers, made from a codebase: from its documentation, its symbols and its history."""

import re
from dataclasses import dataclass
from enum import StrEnum

MIN_WORDS = 4
MAX_CHARACTERS = 200

_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z`'\"(])|\n\s*\n|\n\s*(?:[@:]\w|[-*]\s|>>>|\.\.\s)")
_MARKUP = re.compile(r"<[^<>\n]{1,40}>|``?|\{@\w+ ([^{}]*)\}|:\w+:(?=`)")
_NOT_PROSE = re.compile(
    r"copyright|licen[cs]e|todo|fixme|noqa|eslint|deprecated|@ts-|^\W*@|^\W*$", re.IGNORECASE
)
_PREFIX = re.compile(r"^(?:\w+(?:\([^)]*\))?!?: |\[[^\]]*\] ?|#\d+:? )+")
_REFERENCE = re.compile(r"\s*\(#\d+\)|\s*\bGH-\d+|\s*(?:closes|fixes|refs)? #\d+", re.IGNORECASE)
_NO_QUESTION = re.compile(
    r"^(?:revert|merge|bump|release|prepare|version|changelog|wip|fixup|squash)\b"
    r"|^update (?:changelog|dependenc|lock)"
    r"|^v?\d+(?:\.\d+)+|\bbump\b.*\bfrom\b|pre-commit|typo",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+")


class Kind(StrEnum):
    """Where a question comes from."""

    DOCUMENTATION = "documentation"
    SYMBOL = "symbol"
    HISTORY = "history"


@dataclass(frozen=True, slots=True)
class Question:
    """What is searched for, and the files that are right."""

    kind: Kind
    text: str
    answers: frozenset[str]


def sentence(documentation: str, name: str) -> str:
    """The first sentence as a question; empty where it asks nothing or names `name` itself."""
    first = _SENTENCE.split(documentation.strip(), maxsplit=1)[0]
    plain = " ".join(_MARKUP.sub(lambda match: match[1] or "", first).split()).rstrip(".:")[:MAX_CHARACTERS]
    names_it = len(name) > 3 and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", plain)
    if names_it or _NOT_PROSE.search(plain) or len(_WORD.findall(plain)) < MIN_WORDS:
        return ""
    return plain


def subject_question(subject: str) -> str:
    """A commit's subject without its prefix and numbers; empty where it says nothing of the code."""
    plain = _REFERENCE.sub("", _PREFIX.sub("", " ".join(subject.split()))).strip(" .")
    if _NO_QUESTION.search(plain) or len(_WORD.findall(plain)) < MIN_WORDS - 1:
        return ""
    return plain[:MAX_CHARACTERS]
