"""Follow-up questions: what one that leans on the conversation is about."""

import re
from collections.abc import Sequence

from code_rag.rag_server.answer import Asked, Turn
from code_rag.rag_server.following_up.leaning import MAX_CHARS, leans

NAMES = 2
"""So many of the last answer's names say what it is about, those that it names first."""

_FENCED = re.compile(r"^(`{3,}|~{3,}).*?(?:^\1|\Z)", re.MULTILINE | re.DOTALL)
_TOKEN = re.compile(r"(`?)([^\s`()\[\],;]{1,200})")
_PATH = re.compile(r"((?:[\w@+~-][\w.@+~-]*/)*[\w@+~-][\w.@+~-]*\.[A-Za-z]\w{0,9})(?:[:#].*)?")
_QUOTED = re.compile(r"[A-Za-z_][\w.:#]*")
_PLAIN = re.compile(r"\w+_\w+|[A-Za-z][a-z0-9]*[A-Z]\w*")


def carrying(asked: Asked) -> str:
    """The question with what the conversation was about: its last full question, and names of the answer."""
    topic = _topic(asked.history)
    names, paths = _named(asked.history[-1].answer) if asked.history else ([], [])
    about = ", ".join(filter(None, (topic, *(f"`{name}`" for name in names), *paths)))
    return f"{asked.question} (about: {about})" if about else asked.question


def _topic(history: Sequence[Turn]) -> str:
    """The last question that says what it is about."""
    asked = (turn.question.strip() for turn in reversed(history))
    return next((" ".join(question.split())[:MAX_CHARS] for question in asked if not leans(question)), "")


def _named(answer: str) -> tuple[list[str], list[str]]:
    """The first symbols that an answer names, and the first file."""
    symbols, paths = dict[str, None](), dict[str, None]()
    for quote, token in _TOKEN.findall(prose(answer)):
        word = token.rstrip(".:!?")
        if path := _PATH.fullmatch(word):
            paths[path[1]] = None
        elif (_QUOTED if quote else _PLAIN).fullmatch(word):
            symbols[word] = None
    return list(symbols)[:NAMES], list(paths)[:1]


def prose(answer: str) -> str:
    """An answer without its code."""
    return _FENCED.sub("", answer)
