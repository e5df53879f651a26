"""Turns hits into numbered blocks of code, and blocks and a question into messages for a model."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import accumulate

from code_rag.rag_server.answer import Asked, Turn
from code_rag.rag_server.answer_language import language_of
from code_rag.rag_server.model import Chunk, Hit
from code_rag.rag_server.prompting.context_budget import ContextBudget, shortened, tokens
from code_rag.rag_server.prompting.instructions import EXAMPLE_ANSWER, EXAMPLE_QUESTION, RULES, reminder
from code_rag.servicekit.wire import evidence
from code_rag.servicekit.wire.evidence import Block, visible

LINE_CHARS = 500
"""Longer lines are truncated to this, visibly and only in the prompt."""
TURN_CHARS = 1_500
"""The same for an earlier answer."""

Message = dict[str, str]

_MARKER = re.compile(r" ?\[[0-9]+(?:[:,][0-9:, -]*)?\]")


INSTRUCTIONS = "The person asks this of every answer; where it contradicts these rules, the rules hold:"


def pack(hits: Sequence[Hit], budget: int) -> tuple[Block, ...]:
    """The hits as blocks numbered from 1, best first, within `budget` tokens when rendered.

    Hits of one file that touch or overlap become one block. The block that exceeds the budget is truncated
    at a whole line, and those after it are left out.
    """
    blocks: list[Block] = []
    for number, chunks in enumerate(_runs(hits), start=1):
        block = _within(_block(number, chunks), budget)
        if not block.lines:
            break
        budget -= _size(block)
        blocks.append(block)
    return tuple(blocks)


def messages(
    asked: Asked, question: str, blocks: Iterable[Block], shown_map: str, budget: ContextBudget
) -> list[Message]:
    """The rules, a worked example, the earlier turns that fit, then the map, the blocks and the question.

    `question` is the question as it was understood; the answer's language is that of the one asked.
    """
    context = evidence.render(map(_shorten, blocks), shortened(question, budget.question))
    last = "\n\n".join(part for part in (shown_map, context, reminder(language_of(asked.question))) if part)
    example = Turn(EXAMPLE_QUESTION, EXAMPLE_ANSWER)
    turns = [example, *_fitting(asked.history, budget.history)]
    earlier = [message for turn in turns for message in _messages_of(turn)]
    wanted = f"\n\n{INSTRUCTIONS}\n{asked.instructions}" if asked.instructions else ""
    return [{"role": "system", "content": f"{RULES}{wanted}"}, *earlier, {"role": "user", "content": last}]


def _messages_of(turn: Turn) -> Iterable[Message]:
    yield {"role": "user", "content": visible(turn.question, keep="\n")}
    yield {"role": "assistant", "content": visible(turn.answer, keep="\n")}


def _fitting(history: Sequence[Turn], budget: int) -> list[Turn]:
    """The last turns within `budget` tokens; their markers are of other blocks, so they are left out."""
    fitting: list[Turn] = []
    for turn in reversed(history):
        answer = _MARKER.sub("", turn.answer)
        short = Turn(turn.question, answer if len(answer) <= TURN_CHARS else f"{answer[:TURN_CHARS]} …")
        budget -= tokens(short.question) + tokens(short.answer)
        if budget < 0:
            break
        if short.answer:  # roles alternate
            fitting.append(short)
    return fitting[::-1]


def render(block: Block) -> str:
    """The block as the model reads it, with long lines truncated."""
    return evidence.render_block(_shorten(block))


def _runs(hits: Sequence[Hit]) -> list[list[Chunk]]:
    """Chunks of one file that touch or overlap, in line order; runs are ordered by their best hit."""
    runs: list[list[Chunk]] = []
    for chunk in sorted((hit.chunk for hit in hits), key=lambda c: (_file(c), c.start_line)):
        if runs and _touches(runs[-1], chunk):
            runs[-1].append(chunk)
        else:
            runs.append([chunk])
    rank = {hit.chunk.id: place for place, hit in enumerate(hits)}
    return sorted(runs, key=lambda run: min(rank[chunk.id] for chunk in run))


def _touches(run: Sequence[Chunk], chunk: Chunk) -> bool:
    end = max(earlier.end_line for earlier in run)
    return _file(run[0]) == _file(chunk) and chunk.start_line <= end + 1


def _file(chunk: Chunk) -> tuple[str, str]:
    """The version of a file: while it is indexed again, both versions may be found."""
    return chunk.path, chunk.file_digest


def _block(number: int, chunks: Sequence[Chunk]) -> Block:
    start = chunks[0].start_line
    lines: list[str] = []
    for chunk in chunks:
        lines += chunk.text.split("\n")[start + len(lines) - chunk.start_line :]
    symbols = dict.fromkeys(chunk.symbol for chunk in chunks if chunk.symbol)
    return Block(number, chunks[0].path, start, tuple(lines), ", ".join(symbols), chunks[0].language)


def _within(block: Block, budget: int) -> Block:
    """The block with as many of its first lines as fit."""
    sizes = accumulate(tokens(line) + 1 for line in render(block).split("\n"))
    fitting = sum(size <= budget for size in sizes)
    return replace(block, lines=block.lines[: max(0, fitting - 1)])  # the first of them is the header


def _size(block: Block) -> int:
    return sum(tokens(line) + 1 for line in render(block).split("\n"))


def _shorten(block: Block) -> Block:
    return replace(block, lines=tuple(_truncate(visible(line)) for line in block.lines))


def _truncate(line: str) -> str:
    left = len(line) - LINE_CHARS
    return line if left <= 0 else f"{line[:LINE_CHARS]}… ({left} more characters)"
