"""One turn after the other, with an honest word on how long the next one waits."""

import asyncio

import pytest

from code_rag.llm_server.backends.waiting_line import FIRST_GUESS_SECONDS, WaitingLine
from code_rag.servicekit.errors import Overloaded, UpstreamTimeout


class Clock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_waiting_time_follows_what_answers_take() -> None:
    """Before the first answer it is a guess; then it nears what the answers took, less what has passed."""
    clock = Clock()
    turns = WaitingLine(4, clock)
    assert turns.wait_seconds() == 0
    for _ in range(20):
        async with turns.turn(10):
            clock.now += 5
    async with turns.turn(10):
        clock.now += 2
        assert turns.wait_seconds() == pytest.approx(3, abs=0.1)


async def test_a_full_queue_names_the_wait() -> None:
    """Who finds all places taken is refused with the seconds that all those before need."""
    turns = WaitingLine(1, Clock())
    async with turns.turn(10):
        waiting = asyncio.create_task(hold(turns))
        await asyncio.sleep(0)
        with pytest.raises(Overloaded) as refused:
            await hold(turns)
        assert refused.value.retry_after == 2 * FIRST_GUESS_SECONDS
        assert "about 40 s" in refused.value.message
    await waiting
    assert (turns.waiting, turns.refused, turns.is_taken) == (0, 1, False)


async def test_turns_are_in_the_order_of_asking() -> None:
    """Nobody overtakes, and one that is cancelled while it waits gives its place up."""
    turns, order = WaitingLine(4), []

    async def note(number: int) -> None:
        async with turns.turn(10):
            order.append(number)

    async with turns.turn(10):
        tasks = [asyncio.create_task(note(number)) for number in range(4)]
        await asyncio.sleep(0)
        tasks[1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert order == [0, 2, 3]


async def test_waiting_ends_when_the_caller_no_longer_waits() -> None:
    """After the caller's own time there is a timeout, not an answer that nobody reads."""
    turns = WaitingLine(4)
    async with turns.turn(10):
        with pytest.raises(UpstreamTimeout, match="other answers"):
            await hold(turns, 0.01)
    assert turns.waiting == 0


async def hold(turns: WaitingLine, longest: float = 10) -> None:
    async with turns.turn(longest):
        pass
