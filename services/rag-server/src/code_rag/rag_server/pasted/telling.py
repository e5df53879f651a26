"""Reduces a question to its telling part: what is asked, the last errors, and names."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from code_rag.rag_server.pasted import Pasted

MAX_PROSE_CHARS = 1000
MAX_MESSAGE_CHARS = 300
MESSAGES = 2
NAMES = 12

_SENTENCE = re.compile(r"(?<=[.?!。？！])\s+|\n+")
_CALLED = re.compile(r"\b([A-Za-z_][\w.]{1,100}) ?(?=\()")
_NAMED = re.compile(r"\b(?:[A-Za-z]\w{0,100}_\w{1,100}|[A-Za-z][a-z0-9]{1,50}[A-Z]\w{0,100})\b")
_KEYWORDS = frozenset(
    [
        *("if", "for", "while", "switch", "catch", "return", "function", "def", "class", "and", "or", "not"),
        *("in", "is", "with", "elif", "except", "print", "super"),
    ]
)


def telling(question: str, pasted: Pasted, names: Iterable[str]) -> str:
    """The text to search for: the question itself, unless something is pasted or it is very long.

    `names` are those of the frames that were found in the codebase.
    """
    is_plain = "\n" not in question or not (pasted.stacks or pasted.code or pasted.messages)
    if is_plain and len(question) <= MAX_PROSE_CHARS:
        return question
    prose = _asked(pasted.prose)
    messages = [message[:MAX_MESSAGE_CHARS] for message in pasted.messages[-MESSAGES:]]
    known = " ".join((*prose, *messages))
    added = dict.fromkeys((*names, *_names(pasted.code)))
    parts = (*prose, *messages, *[name for name in added if name not in known][:NAMES])
    return "\n".join(parts) or question[:MAX_PROSE_CHARS]


def _asked(prose: Sequence[str]) -> list[str]:
    """The lines of prose; where they are many, the sentences that ask, then the first, in their order."""
    if sum(map(len, prose)) <= MAX_PROSE_CHARS:
        return list(prose)
    sentences = [each[:MAX_PROSE_CHARS] for each in _SENTENCE.split("\n".join(prose)) if each.strip()]
    places = range(len(sentences))
    wanted = sorted(places, key=lambda place: (not sentences[place].endswith(("?", "？")), place))
    kept, size = set[int](), 0
    for place in wanted:
        size += len(sentences[place]) + 1
        if size > MAX_PROSE_CHARS + 1:
            break
        kept.add(place)
    return [sentences[place] for place in sorted(kept)]


def _names(code: Sequence[str]) -> list[str]:
    """The names that pasted code calls or that cannot be words, those used most first."""
    text = "\n".join(code)
    found = Counter(name for name in _CALLED.findall(text) + _NAMED.findall(text) if name not in _KEYWORDS)
    return [name for name, _ in found.most_common()]
