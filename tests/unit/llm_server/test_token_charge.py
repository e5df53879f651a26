"""What a request costs of its caller's tokens a minute."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from code_rag.llm_server.backends.base import Json
from code_rag.llm_server.token_charge import FILE_BYTES, TokenCharge
from code_rag.servicekit.errors import Overloaded, ServiceError, UpstreamFailed, UpstreamTimeout
from code_rag.servicekit.keys.caller import Caller
from code_rag.servicekit.keys.rate_limit import RateLimit
from tests.fixtures.hand_clock import HandClock
from tests.fixtures.scripted_upstream import chunk

LIMIT = 10_000
PROMPT = 100  # tokens, as estimated
REQUEST: Json = {"messages": [{"role": "", "content": "four" * PROMPT}], "max_tokens": 500}
USAGE: Json = {"prompt_tokens": 30, "completion_tokens": 12}
TEN_TOKENS = chunk({"content": "four" * 10})


class Spent:
    """A caller with a limit of tokens on a clock that stands still."""

    def __init__(self) -> None:
        self.limit = RateLimit(LIMIT, HandClock())
        self.caller = Caller("anna", tokens=self.limit)

    def __int__(self) -> int:
        return LIMIT - self.limit.remaining


@pytest.fixture
def spent() -> Spent:
    return Spent()


async def whole(outcome: Json | BaseException) -> Json:
    """An answer, or what it fails with."""
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome


async def streamed(*parts: Json | BaseException) -> AsyncGenerator[Json]:
    """Chunks, and what ends them early."""
    for part in parts:
        yield await whole(part)


@pytest.mark.parametrize(
    ("fields", "reserved"),
    [
        ({}, PROMPT + 500),
        ({"max_completion_tokens": 50}, PROMPT + 50),
        ({"max_tokens": None}, PROMPT + 1000),
        ({"max_tokens": "many"}, PROMPT + 1000),
        ({"max_tokens": 10**9}, PROMPT + 4096),
        ({"tools": [{"type": "four", "function": {"name": "four" * 9}}]}, PROMPT + 500 + 10),
        ({"messages": [{"content": [{"url": "data:" + "x" * 10**5}]}]}, 500 + FILE_BYTES // 4),
        ({"messages": [{"content": "four" * 10 * LIMIT}]}, LIMIT),
        ({"messages": [{"content": "\ud800"}]}, 500),
    ],
)
def test_the_estimate_is_reserved(spent: Spent, fields: dict[str, Any], reserved: int) -> None:
    """Four bytes of prompt are a token; to them comes the longest answer, within a bound."""
    TokenCharge(spent.caller, REQUEST | fields)
    assert int(spent) == reserved


def test_a_request_nested_deeply_is_estimated_too(spent: Spent) -> None:
    """No depth of a prompt's parts makes the estimate fail."""
    deep: Json = {"content": "four"}
    for _ in range(5000):
        deep = {"x": [deep]}
    TokenCharge(spent.caller, REQUEST | {"messages": [deep]})
    assert int(spent) == 501


async def test_what_does_not_fit_has_to_wait(spent: Spent) -> None:
    """A request is refused while what others reserved leaves no room for it."""
    spent.caller.reserve_tokens(LIMIT - 599)
    with pytest.raises(Overloaded, match="needs about 600, and 599 are left"):
        TokenCharge(spent.caller, REQUEST)


@pytest.mark.parametrize(
    ("outcome", "cost"),
    [
        ({"choices": [], "usage": USAGE}, 42),
        ({"choices": [], "usage": {"prompt_tokens": 30_000}}, LIMIT),
        ({"choices": [{"message": {"content": "four" * 10}}], "usage": None}, PROMPT + 10),
        ({"choices": [], "usage": {"prompt_tokens": "many", "completion_tokens": -1}}, PROMPT),
        (UpstreamFailed("The model server failed."), 0),
        (UpstreamTimeout("The model server was too slow."), PROMPT),
    ],
)
async def test_a_whole_answer_is_settled(spent: Spent, outcome: Json | ServiceError, cost: int) -> None:
    """It costs its usage, or an estimate; what was refused costs nothing."""
    charge = TokenCharge(spent.caller, REQUEST)
    (result,) = await asyncio.gather(charge.answer(whole(outcome)), return_exceptions=True)
    assert (result, int(spent)) == (outcome, cost)


@pytest.mark.parametrize(
    ("parts", "cost"),
    [
        ((TEN_TOKENS, {"choices": [], "usage": USAGE}), 42),
        ((TEN_TOKENS | {"usage": {"prompt_tokens": 1}}, TEN_TOKENS | {"usage": USAGE}), 42),
        ((TEN_TOKENS, TEN_TOKENS), PROMPT + 20),
        ((TEN_TOKENS, UpstreamFailed("The model server ended its answer.")), PROMPT + 10),
        ((UpstreamFailed("The model server failed."),), 0),
        ((UpstreamTimeout("The model server was too slow."),), PROMPT),
    ],
)
async def test_a_stream_is_settled(spent: Spent, parts: tuple[Json | ServiceError, ...], cost: int) -> None:
    """It costs the last usage that it reports, or an estimate of what came before it ended."""
    seen: list[object] = []
    try:
        async for part in TokenCharge(spent.caller, REQUEST).stream(streamed(*parts)):
            seen.append(part)
    except ServiceError as error:
        seen.append(error)
    assert (seen, int(spent)) == (list(parts), cost)


async def test_a_stream_whose_caller_leaves_is_settled(spent: Spent) -> None:
    """What came until then is paid, and the model server's stream is closed."""
    source = streamed(TEN_TOKENS, TEN_TOKENS)
    chunks = TokenCharge(spent.caller, REQUEST).stream(source)
    await anext(chunks)
    await chunks.aclose()
    assert (int(spent), [left async for left in source]) == (PROMPT + 10, [])


async def test_an_answer_whose_caller_leaves_costs_its_prompt(spent: Spent) -> None:
    """The model server read the prompt, whoever waits for the answer."""
    charge = TokenCharge(spent.caller, REQUEST)
    waiting = asyncio.create_task(charge.answer(asyncio.get_running_loop().create_future()))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert int(spent) == PROMPT
