"""The prompt that rag-server writes and llm-server's extractive backend reads: blocks of code, a question.

    Context, as numbered blocks of source code:

    [1] orders/refunds.py:40-41 (Refund.window) python
    40| def window(self):
    41|     return timedelta(days=30)

    Question: How long can I get a refund?

The symbol and the language may be absent. `parse(render(blocks, question))` returns the blocks and the
question as `visible_block` and `visible_question` show them.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

# Control and formatting characters are invisible, but a model reads them: they can hide instructions, reorder
# a line or end it. All of them except the tab, with the tag and variation characters of plane 14.
_HIDDEN = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_QUESTION = "\nQuestion: "
# The path ends at the first range that can end it: searching for the last takes quadratic time.
_HEADER = re.compile(r"\[([0-9]{1,9})\] (.+?):([0-9]{1,9})-([0-9]{1,9})( \(.*| [^\s():]+)?")
_RANGE_IN_PATH = re.compile(r":(?=[0-9]{1,9}-[0-9]{1,9} \()")
_LANGUAGE = re.compile(r"[^\s():]+")
_LINE = re.compile(r" *([0-9]{1,9})\| ?(.*)")


@dataclass(frozen=True, slots=True)
class Block:
    """Evidence: consecutive lines of one file, with the number by which an answer cites them."""

    number: int
    path: str
    start_line: int
    lines: tuple[str, ...]
    """At least one."""
    symbol: str = ""
    language: str = ""
    """A word such as `python`."""

    @property
    def end_line(self) -> int:
        """The last line, inclusive."""
        return self.start_line + len(self.lines) - 1

    def excerpt(self, start: int, end: int) -> "Block":
        """The block's lines from `start` to `end`, inclusive, which must lie in it."""
        lines = self.lines[start - self.start_line : end - self.start_line + 1]
        return replace(self, start_line=start, lines=lines)


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question and the code it is about."""

    question: str
    blocks: tuple[Block, ...]


def render(blocks: Iterable[Block], question: str) -> str:
    """The user message for a question about `blocks`."""
    context = "\n\n".join(map(render_block, blocks))
    return (
        f"Context, as numbered blocks of source code:\n\n{context}\n{_QUESTION}{visible_question(question)}"
    )


def render_block(block: Block) -> str:
    """`[n] path:start-end (symbol) language`, then each line with its number."""
    shown = visible_block(block)
    symbol = f" ({shown.symbol})" if shown.symbol else ""
    language = f" {shown.language}" if shown.language else ""
    header = f"[{shown.number}] {shown.path}:{shown.start_line}-{shown.end_line}{symbol}{language}"
    numbered = (f"{number}| {line}" for number, line in enumerate(shown.lines, shown.start_line))
    return "\n".join((header, *numbered))


def parse(text: str) -> Prompt:
    """The question after the last `Question: ` line and the blocks before it.

    Without such a line all of the text is the question. Text that does not match the format is ignored.
    """
    context, found, question = f"\n{text}".rpartition(_QUESTION)
    if not found:
        return Prompt(text.strip(), ())
    return Prompt(question.strip(), tuple(_blocks(context.split("\n"))))


def visible(text: str, keep: str = "") -> str:
    """`text` with every character that would be invisible, except those in `keep`, spelled as `<U+202E>`."""
    return _HIDDEN.sub(lambda m: m[0] if m[0] in keep else f"<U+{ord(m[0]):04X}>", text)


def visible_block(block: Block) -> Block:
    """`block` as it is rendered: no hidden characters, and no line range inside the path."""
    return replace(
        block,
        path=_RANGE_IN_PATH.sub("<U+003A>", visible(block.path)),
        lines=tuple(map(visible, block.lines)),
        symbol=visible(block.symbol),
    )


def visible_question(question: str) -> str:
    """`question` as it is rendered: no hidden characters, and no second `Question: ` line."""
    return visible(question, keep="\n").replace(_QUESTION, _QUESTION.replace("\n", "\n ")).strip()


def _blocks(lines: Iterable[str]) -> Iterator[Block]:
    header: re.Match[str] | None = None
    body: list[str] = []
    for line in chain(lines, [""]):
        if header and (text := _next_line(line, header, body)) is not None:
            body.append(text)
            continue
        if header and body:
            symbol, language = _title(header[5] or "")
            yield Block(int(header[1]), header[2], int(header[3]), tuple(body), symbol, language)
        header, body = _HEADER.fullmatch(line), []


def _next_line(line: str, header: re.Match[str], body: Sequence[str]) -> str | None:
    """The text of `line`; None if its number is not the next one or is beyond the header's range."""
    match, number = _LINE.fullmatch(line), int(header[3]) + len(body)
    return match[2] if match and int(match[1]) == number <= int(header[4]) else None


def _title(text: str) -> tuple[str, str]:
    """Symbol and language from ` (symbol) language`, either of which may be absent."""
    symbol, closed, language = text.rpartition(") ")
    if closed and _LANGUAGE.fullmatch(language):
        return symbol.removeprefix(" ("), language
    if text.startswith(" ("):
        return text.removeprefix(" (").removesuffix(")"), ""
    return "", text.strip()
