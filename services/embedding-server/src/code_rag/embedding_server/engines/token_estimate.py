"""How many tokens a text has for a model whose tokenizer is at another server."""

import re

_PIECE = re.compile(
    r"(?P<latin>[A-Za-z]+)|(?P<digits>\d+)|(?P<syllable>[\u1100-\u11ff\u3040-\u9fff\uac00-\ud7af])|(?P<letters>[^\W\d_]+)|\S"
)
_CHARACTERS = {"latin": 5, "digits": 3, "letters": 4}
"""Of such a run in one token, in common vocabularies of embedding models; any other character is a token."""
AROUND = 2
"""The start and the end of a text."""


def estimate(text: str) -> int:
    """About how many tokens the whole text has, start and end included; over a codebase within a fifth."""
    return AROUND + sum(_tokens(piece) for piece in _PIECE.finditer(text))


def beginning(text: str, tokens: int) -> str:
    """As much of the text, from its start, as is estimated to fit into `tokens`."""
    left = tokens - AROUND
    for piece in _PIECE.finditer(text):
        left -= _tokens(piece)
        if left < 0:
            return text[: piece.start()]
    return text


def _tokens(piece: re.Match[str]) -> int:
    return -(-(piece.end() - piece.start()) // _CHARACTERS.get(piece.lastgroup or "", 1))
