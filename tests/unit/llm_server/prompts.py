"""Blocks and prompts as rag-server sends them."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from code_rag.servicekit.wire.evidence import Block, render

_LANGUAGES = {".go": "go", ".md": "markdown", ".py": "python"}


def prompt(question: str, blocks: Sequence[Block]) -> str:
    """The user message for a question about blocks."""
    return render(blocks, question)


def block(number: int, path: str, source: str, start: int = 1, symbol: str = "") -> Block:
    """A block of the lines of `source`, in the language of the path's ending."""
    language = _LANGUAGES[PurePosixPath(path).suffix]
    return Block(number, path, start, tuple(source.split("\n")), symbol, language)
