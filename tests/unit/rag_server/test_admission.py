"""How much work is let in at once, and what those who are sent back are told."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.rag_server.admission import GUESS_SECONDS, LONGEST_RETRY_SECONDS, Admission
from code_rag.servicekit.errors import Overloaded
from tests.fixtures.hand_clock import HandClock


class Work:
    """Pieces of work that last until they are told to end."""

    def __init__(
        self, slots: int, longest_wait: float = 0.0, clock: HandClock | None = None, always: int = 0
    ) -> None:
        self.clock = clock or HandClock()
        self.admission = Admission("searches", slots, longest_wait, always, self.clock)
        self.running = self.most = 0
        self.refused: list[Overloaded] = []
        self._end = asyncio.Event()

    async def one(self) -> None:
        """One piece."""
        try:
            async with self.admission.slot():
                self.running += 1
                self.most = max(self.most, self.running)
                await self._end.wait()
                self.running -= 1
        except Overloaded as error:
            self.refused.append(error)

    async def start(self, count: int) -> list[asyncio.Task[None]]:
        """Start so many; those that are let in run or wait."""
        tasks = [asyncio.create_task(self.one()) for _ in range(count)]
        for _ in range(3):
            await asyncio.sleep(0)
        return tasks

    def end(self) -> None:
        """Let all of it end."""
        self._end.set()


@given(st.integers(1, 8), st.floats(0, 2), st.integers(0, 60), st.integers(0, 40))
async def test_never_more_than_there_is_room_for(
    slots: int, longest_wait: float, count: int, always: int
) -> None:
    """So many run as there are slots, those wait who start soon or are few, the others are sent back."""
    work = Work(slots, longest_wait, always=always)

    tasks = await work.start(count)
    work.end()
    await asyncio.gather(*tasks)

    queue = longest_wait / GUESS_SECONDS
    assert work.most == min(slots, count)
    assert len(work.refused) == pytest.approx(max(0, count - max(slots + queue, always)), abs=1)
    assert work.admission.inside == 0


@given(st.integers(1, 8), st.integers(1, 400))
async def test_those_sent_back_get_times_at_the_rate_of_the_work(slots: int, count: int) -> None:
    """Each is asked to come later than the one before, by as much as work takes, up to a minute."""
    work = Work(slots)

    tasks = await work.start(slots + count)
    work.end()
    await asyncio.gather(*tasks)

    waits = [error.retry_after or 0 for error in work.refused]
    expected = [min(LONGEST_RETRY_SECONDS, GUESS_SECONDS * (number + 2)) for number in range(count)]
    assert waits == pytest.approx(expected)
    assert work.refused[0].status == 429


async def test_the_wait_follows_how_long_the_work_takes() -> None:
    """Work that becomes slow shortens the queue: what waited half a second before would wait for minutes."""
    work = Work(slots=1, longest_wait=0.4)
    slow = await work.start(1)
    work.clock.now += 600
    work.end()
    await asyncio.gather(*slow)
    following = Work(1, 0.4)
    following.admission = work.admission

    tasks = await following.start(2)

    assert len(following.refused) == 1
    assert "Too many searches at once: 1 run or wait" in str(following.refused[0])
    following.end()
    await asyncio.gather(*tasks)


async def test_who_stops_waiting_leaves_the_queue() -> None:
    """A piece of work that is cancelled while it waits makes room for another."""
    work = Work(slots=1, longest_wait=GUESS_SECONDS)
    first, second = await work.start(2)
    second.cancel()
    await asyncio.wait([second])

    third = (await work.start(1))[0]

    assert not work.refused
    work.end()
    await asyncio.gather(first, third)


async def test_a_stream_has_its_slot_until_it_is_closed() -> None:
    """Events that nobody reads to the end give their slot back where they are closed."""
    admission = Admission("answers", 1, 0.0)

    async def endless() -> AsyncGenerator[int, None]:
        while True:
            yield 1

    async with aclosing(admission.during(endless())) as events:
        assert await anext(events) == 1
        with pytest.raises(Overloaded, match="Too many answers at once: 1 run or wait"):
            await anext(admission.during(endless()))

    assert admission.inside == 0
