"""Questions about documented definitions, for people who do not know yet what to ask."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from code_rag.rag_server.chunking.documentation import Documented, documented
from code_rag.rag_server.model import SourceFile

MIN_WORDS, MAX_WORDS = 3, 12
MIN_NAME = 4

_VERB_LIST = """
add append apply attach bind build cache calculate call check choose clean close collect combine compare
compile compress compute configure connect convert copy count create decode decorate delete detect determine
dispatch download emit encode ensure escape evaluate execute expand export extract fetch fill filter find
flush format generate get group handle hash hide import insert install invoke iterate join keep limit list
listen load log look lookup make map mark match measure merge migrate modify mount move normalize normalise
notify open order parse pass patch perform pick prepare prevent print process produce prune publish push put
query raise read receive record redirect refresh register reject release reload remove rename render reorder
replace report request reset resize resolve restore retry rotate run save scan schedule search select send
serialize serve set show shut sign skip sort split start stop store stream strip submit subscribe switch
test throw track transform translate traverse trigger trim truncate try turn unescape unregister update
upload validate verify visit wait walk warn wrap write yield
"""
_VERBS = frozenset(_VERB_LIST.split())
"""How first sentences start that say what a function does."""

_NOT_PROSE = re.compile(
    r"copyright|licen[cs]e|todo|fixme|deprecated|internal|eslint|@|https?:|^\W", re.IGNORECASE
)
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9' /-]*")
_TYPE = r"\b(?:class|struct|type|interface|trait|enum|module|object|record|union|protocol)\s+{name}\b"
_END = re.compile(r"[.,;:!?](?:\s|$)|\s(?:if|when|which|that|so|unless|and return)\s")
_OPEN = re.compile(
    r"\b(?:a|an|the|of|to|for|in|on|at|by|with|from|as|and|or|not|is|are|be|this|its|into)$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A question, and the lines that answer it."""

    question: str
    path: str
    first: int
    last: int


def suggestions(file: SourceFile) -> list[Suggestion]:
    """Questions about the public documented definitions of a file, those in whole sentences first."""
    found = [
        Suggestion(question, file.path, each.first + 1, each.last + 1)
        for each in documented(file)
        if (question := _question(each, file.text))
    ]
    return sorted(found, key=lambda each: each.question.endswith("` do?") or each.question.endswith("` for?"))


def _question(each: Documented, code: str) -> str:
    """What a reader of the name may ask; empty where the documentation says too little."""
    parts = each.symbol.split(".")[-2:]
    name = parts[-1]
    text = " ".join(each.text.split())
    if any(part.startswith("_") for part in parts) or len(name) < MIN_NAME or _NOT_PROSE.search(text[:120]):
        return ""
    words = text.split()
    if words and words[0].casefold() == name.casefold():  # as Go's comments start
        del words[0]
    if len(words) < MIN_WORDS or name.endswith(("Error", "Exception", "Warning")):
        return ""
    shown = f"`{'.'.join(parts)}`"
    is_type = re.search(_TYPE.format(name=re.escape(name)), code)
    return _action(words, shown) or (f"What is {shown} for?" if is_type else f"What does {shown} do?")


def _action(words: Sequence[str], shown: str) -> str:
    """`How does X parse a header?` from `Parses a header.`; empty where that is not sure to be English."""
    verb = next((form for form in _base_forms(words[0].lower()) if form in _VERBS), "")
    rest = _END.split(" ".join(words[1:]), maxsplit=1)[0].strip()
    count = len(rest.split())
    if not verb or not MIN_WORDS <= count <= MAX_WORDS or not _PLAIN.fullmatch(rest) or _OPEN.search(rest):
        return ""
    return f"How does {shown} {verb} {rest}?"


def _base_forms(word: str) -> Iterator[str]:
    yield word
    if word.endswith("ies"):
        yield word[:-3] + "y"
    if word.endswith("es"):
        yield word[:-2]
    if word.endswith("s"):
        yield word[:-1]
