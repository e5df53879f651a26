"""Whether a question leans on the turns before it, or says itself what it is about."""

import re
from collections.abc import Sequence

from code_rag.rag_server.lexical import stems

MAX_CHARS = 300
"""A longer question says what it is about."""
MIN_OWN_WORDS = 3
"""A question with fewer words of its own, and an opening such as "and", goes on with what was said."""

_WORD = re.compile(r"[^\W_][\w']*")
_NAME = re.compile(r"`[^`]+`|\w+\(\)|\b(?:\w+_\w+|[A-Za-z][a-z0-9]*[A-Z]\w*|\w+(?:[./]\w+)+)\b")
_CONNECTED = re.compile(
    r"(?:and|but|so|also|then|ok|okay|or|und|aber|et|mais|y|pero)\b|그리고|그럼|그러면|では|じゃあ|那"
)
_CONTINUED = re.compile(
    r"(?:and |so |but )?(?:what|how) about\b|(?:in|for|on|with|from|by|to|as)(?: \w+){1,3}\W*$"
)
_OTHER_PRONOUN = re.compile(r"그(?:건|거|것|게)|それ|它|这个")
_EXPLETIVE = re.compile(
    r"\b(?:is it (?:possible|necessary|safe|ok|allowed)|does it (?:take|mean)|it is possible)\b"
)
_ELLIPSIS = re.compile(
    r"\b(?:else|instead|otherwise|the (?:same|others?|rest|(?:first|second|third|last) one))\b"
)
_PRONOUNS = frozenset({"it", "its", "they", "them", "their", "this", "these", "those"})
_OURSELVES = frozenset(
    [
        *("project", "repo", "repository", "codebase", "code", "service", "package", "library"),
        *("app", "application", "program"),
    ]
)
_JOINS = frozenset(
    [
        *("is", "are", "was", "were", "do", "does", "did", "has", "have", "can", "could", "will", "would"),
        *("should", "of", "for", "in", "on", "to", "with", "from", "by", "after", "before", "at", "about"),
        *("and", "or", "but", "if", "how", "why", "when", "where", "what", "which", "who", "than", "like"),
        "into",
    ]
)
_CLAUSE = frozenset(
    [
        *("when", "if", "where", "while", "after", "before", "because", "since", "until"),
        *("and", "or", "but", "that", "which", "who"),
    ]
)
"""Words that start a clause, whose pronouns stand for what came before it."""
_EMPTY = frozenset(
    stems(
        "show me code please give example explain more detail function method class file line lines part"
        " full happen happens work works way thing mean use used see find look exactly get got also one two"
        " any some all just only not no again der die das den ist wird warum wie wo zeig mir pourquoi comment"
    )
)


def leans(question: str) -> bool:
    """Whether a question can only be understood after the turns before it."""
    text = question.strip().lower()
    if len(text) > MAX_CHARS or "\n" in text:
        return False
    words = _WORD.findall(text)
    connected = _CONNECTED.match(text)
    own = len(content(text[connected.end() :] if connected else text))
    if _CONTINUED.match(text) or _OTHER_PRONOUN.search(text) or not (own or _NAME.search(question)):
        return True
    if own < MIN_OWN_WORDS and (connected or (_ELLIPSIS.search(text) and not _NAME.search(question))):
        return True
    return not _EXPLETIVE.search(text) and _refers_back(words)


def content(text: str) -> set[str]:
    """The stems of the words that say what a text is about."""
    return {stem for stem in stems(text) if len(stem) > 1} - _EMPTY


def _refers_back(words: Sequence[str]) -> bool:
    """Whether a pronoun stands for nothing that the question itself names before it."""
    for place, word in enumerate(words):
        before, following = words[:place], words[place + 1 :]
        if not _is_pronoun(word, before, following) or (following[:1] and following[0] in _OURSELVES):
            continue
        named = len(content(" ".join(before)))
        starts = [at for at, each in enumerate(before) if each in _CLAUSE and content(" ".join(before[:at]))]
        if not starts and (named < 2 or not following):
            return True
    return False


def _is_pronoun(word: str, before: Sequence[str], following: Sequence[str]) -> bool:
    """Whether the word stands for something, or for something that it comes before as in `this method`."""
    if word == "that":  # "what does that do", not "the code that parses"
        return not before or before[-1] in _JOINS or not following
    return word in _PRONOUNS
