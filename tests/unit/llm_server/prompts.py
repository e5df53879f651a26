"""Writes prompts in the form that rag-server sends and hypothesis strategies for them."""

from collections.abc import Sequence

from hypothesis import strategies as st

from code_rag.llm_server.blocks import Block, Line

_TEXT = st.characters(blacklist_categories=["Cs"], blacklist_characters="\n")
_WORDS = st.sampled_from(
    ["refund", "customer", "days", "def refund():", "```", "[1:2]", "", "    return 1", "Question: x"]
)
_SOURCE = st.lists(st.one_of(_WORDS, st.text(_TEXT, max_size=20)), min_size=1, max_size=30)
_PATHS = st.sampled_from(["orders/refunds.py", "a b/[id].tsx", "Makefile", "x:1-2.md"])


@st.composite
def _block(draw: st.DrawFn) -> tuple[str, str, int, list[str]]:
    return (
        draw(_PATHS),
        draw(st.sampled_from(["", "Refund.days", "f (x)"])),
        draw(st.integers(1, 2000)),
        draw(_SOURCE),
    )


@st.composite
def block_lists(draw: st.DrawFn) -> tuple[Block, ...]:
    """Up to five blocks, numbered from 1."""
    drawn = draw(st.lists(_block(), max_size=5))
    return tuple(
        Block(number, path, symbol, tuple(Line(at, text) for at, text in enumerate(source, start)))
        for number, (path, symbol, start, source) in enumerate(drawn, start=1)
    )


questions = st.text(_TEXT, max_size=40).filter(lambda text: not text.startswith("Question: ")).map(str.strip)


def prompt(question: str, blocks: Sequence[Block]) -> str:
    """The user message for a question about blocks."""
    rendered = "\n\n".join(_render(block) for block in blocks)
    return f"Context, as numbered blocks of source code:\n\n{rendered}\n\nQuestion: {question}"


def _render(block: Block) -> str:
    symbol = f" ({block.symbol})" if block.symbol else ""
    header = f"[{block.number}] {block.path}:{block.lines[0].number}-{block.lines[-1].number}{symbol}"
    return "\n".join([header, *(f"{line.number:>5}| {line.text}" for line in block.lines)])


def block(number: int, path: str, source: str, start: int = 1, symbol: str = "") -> Block:
    """A block of the lines of `source`."""
    return Block(
        number, path, symbol, tuple(Line(at, text) for at, text in enumerate(source.split("\n"), start))
    )
