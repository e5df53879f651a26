"""An answer that broke off is completed by the same answer from elsewhere, and by no other."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.llm_server.backends.resuming import Differs, Written, beyond
from tests.fixtures.scripted_upstream import chunk


async def chunks_of(pieces: list[str], *ends: dict[str, Any]) -> AsyncGenerator[dict[str, Any]]:
    """An answer in these pieces, with a role before and an end after them."""
    for delta in [{"role": "assistant", "content": ""}, *({"content": piece} for piece in pieces)]:
        yield chunk(delta)
    for end in ends or (chunk({}, "stop"),):
        yield end


async def rest(written: str, chunks: AsyncGenerator[dict[str, Any]]) -> str:
    """The text that `beyond` gives."""
    found = [each async for each in beyond(written, chunks)]
    return "".join(choice["delta"].get("content") or "" for each in found for choice in each["choices"])


@given(st.lists(st.text(max_size=5), max_size=8), st.data())
async def test_the_same_answer_goes_on_where_it_stopped(pieces: list[str], drawn: st.DataObject) -> None:
    """However both are split, what was written and the rest are the whole text."""
    text = "".join(pieces)
    written = text[: drawn.draw(st.integers(0, len(text)))]
    assert written + await rest(written, chunks_of(pieces)) == text


@given(st.lists(st.text(max_size=5), max_size=8), st.text(min_size=1, max_size=10))
async def test_another_answer_is_refused(pieces: list[str], written: str) -> None:
    """An answer that does not start with what is written gives nothing."""
    if "".join(pieces).startswith(written):
        written += "\0"
    with pytest.raises(Differs):
        await rest(written, chunks_of([piece.replace("\0", "") for piece in pieces]))


async def test_a_tool_call_is_no_text() -> None:
    """Where the other answer calls a function instead, it is another answer."""
    with pytest.raises(Differs):
        await rest("a", chunks_of([], chunk({"tool_calls": [{"index": 0}]})))


@pytest.mark.parametrize(
    ("delta", "is_plain"),
    [
        ({"role": "assistant", "content": "a"}, True),
        ({"tool_calls": [{"index": 0}]}, False),
        ({"reasoning_content": "hm"}, False),
        ({"refusal": "no"}, False),
        ({"content": "a", "tool_calls": None}, True),
    ],
)
def test_only_text_can_be_compared(delta: dict[str, Any], is_plain: bool) -> None:
    """An answer that holds anything else is not completed by another one."""
    written = Written()
    written.add(chunk(delta))
    assert written.is_plain == is_plain


def test_an_answer_has_one_id() -> None:
    """The chunks of the second server bear the id of the first one's."""
    written = Written()
    assert [written.add(chunk({"content": "a"}, id=id))["id"] for id in ("x", "y")] == ["x", "x"]
