"""Reads the prompt that rag-server writes: numbered blocks of source code, then a question."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

# The path ends at the first range that can end it: to look for the last takes the square of the length.
_HEADER = re.compile(r"\[([0-9]{1,9})\] (.+?):([0-9]{1,9})-([0-9]{1,9})(?: \((.*)|$)")
_LINE = re.compile(r" *([0-9]{1,9})\| ?(.*)")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file, with its number there."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of one file, under the number by which an answer cites them."""

    number: int
    path: str
    symbol: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question and the code it is about."""

    question: str
    blocks: tuple[Block, ...]


def parse_prompt(message: str) -> Prompt:
    """The question after the last `Question: ` line and the blocks before it.

    Without such a line all of the message is the question. Text that fits no part of the form is passed over.
    """
    context, found, question = f"\n{message}".rpartition("\nQuestion: ")
    if not found:
        return Prompt(message.strip(), ())
    return Prompt(question.strip(), tuple(_blocks(context.split("\n"))))


def _blocks(lines: Iterable[str]) -> Iterator[Block]:
    header: re.Match[str] | None = None
    body: list[Line] = []
    for line in chain(lines, [""]):
        if header and (numbered := _numbered(line, header, body)):
            body.append(numbered)
            continue
        if header and body:
            yield Block(int(header[1]), header[2], (header[5] or "").removesuffix(")"), tuple(body))
        header, body = _HEADER.match(line), []


def _numbered(line: str, header: re.Match[str], body: Sequence[Line]) -> Line | None:
    """`line` as the block's next one; None where its number does not rise or leaves the header's range."""
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    number, lowest = int(match[1]), body[-1].number + 1 if body else int(header[3])
    return Line(number, match[2]) if lowest <= number <= int(header[4]) else None
