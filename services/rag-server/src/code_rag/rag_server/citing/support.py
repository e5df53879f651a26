"""Whether cited lines say what an answer claims, measured by the words of the claim that stand there."""

import re
from collections.abc import Collection, Iterable, Sequence

from code_rag.rag_server.citing.claims import Claim
from code_rag.rag_server.lexical import tokenize
from code_rag.servicekit.wire.evidence import Block

SHARE = 0.5
"""How many of a claim's words must stand in the lines that it cites."""

QUOTED_SHARE = 0.25
"""The same where these lines are quoted below the claim."""

_CODE = re.compile(r"`+([^`]+)`+")
_NAME = re.compile(r"[^\W\d]\w*")
_LOOKS_LIKE_CODE = re.compile(r"\b[^\W\d]\w*(?=\()|\b\w+_\w+\b|\b[^\W\d]*[a-z\d][A-Z]\w*")
_NUMBER = re.compile(r"\d+(?:[,_]\d{3})*(?:\.\d+)?")
_OWN_NUMBER = re.compile(rf"(?<![\w.]){_NUMBER.pattern}")


def doubt(claim: Claim, cited: Block, together: Sequence[Block]) -> str:
    """Why the cited lines do not clearly say what is claimed; empty if they do.

    `together` are all places that are cited for the claim, `cited` among them.
    """
    everything = "\n".join(map(_text, together))
    names = dict.fromkeys(name for code in _CODE.findall(claim.text) for name in _NAME.findall(code))
    own = (line for block in together for line in (block.start_line, block.end_line))
    if absent := _absent(names, claim.text, everything, own):
        return f"it does not mention {', '.join(absent)}"
    words = _comparable(tokenize(claim.text), everything)
    if not words:
        return "" if names else "the claim has no words to look for"
    least = QUOTED_SHARE if _is_quoted(claim, together) else SHARE
    found, own_words = words & set(tokenize(everything)), words & set(tokenize(_text(cited)))
    is_said = len(found) >= least * len(words) and len(own_words) * len(together) >= least * len(words)
    return "" if is_said else "it has few words of the claim"


def invented(sentence: str, evidence: Sequence[Block]) -> list[str]:
    """The names and numbers of a sentence that stand nowhere in the evidence.

    A name is what is marked as code, or looks like it: `max_retries`, `maxRetries`, `retry()`.
    """
    prose = _CODE.sub(" ", sentence)
    names = [name for code in _CODE.findall(sentence) for name in _NAME.findall(code)]
    names += [name for look in _LOOKS_LIKE_CODE.findall(prose) for name in _NAME.findall(look)]
    return _absent(dict.fromkeys(names), sentence, "\n".join(map(_text, evidence)))


def _absent(names: Collection[str], claim: str, text: str, known: Iterable[int] = ()) -> list[str]:
    """The names, and the numbers of the claim that are not known anyway, that stand nowhere in the text."""
    there = {_plain(number) for number in _NUMBER.findall(text)} | set(map(str, known))
    numbers = dict.fromkeys(number for number in _OWN_NUMBER.findall(claim) if _plain(number) not in there)
    return [*_absent_names(names, text), *numbers]


def _text(block: Block) -> str:
    return "\n".join((block.path, block.symbol, *block.lines))


def _absent_names(names: Collection[str], text: str) -> list[str]:
    """The names that stand nowhere in the text, neither whole nor as a part of another."""
    there = {name.lower() for name in _NAME.findall(text)} | set(tokenize(text))
    return [name for name in names if name.lower() not in there]


def _plain(number: str) -> str:
    whole, _, fraction = number.replace(",", "").replace("_", "").partition(".")
    return f"{whole}.{fraction.rstrip('0')}".rstrip(".")


def _comparable(words: Sequence[str], text: str) -> set[str]:
    """The words that could stand in the text: none beyond ASCII where all of it is ASCII."""
    return {word for word in words if word.isascii() or not text.isascii()}


def _is_quoted(claim: Claim, together: Sequence[Block]) -> bool:
    """Whether the code below the claim is what is cited, word for word."""
    cited = {line.strip() for block in together for line in block.lines}
    return bool(claim.quote) and cited.issuperset(claim.quote)
