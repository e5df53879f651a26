"""Calls that are repeated until a service answers."""

import asyncio

import pytest

from code_rag.rag_server.progress import Progress
from code_rag.rag_server.retrying import Retrying
from code_rag.servicekit.errors import Unavailable


@pytest.mark.parametrize("asked", [None, 0.001, 86_400.0, float("inf")])
async def test_no_wait_is_longer_than_the_longest(asked: float | None) -> None:
    """A service that asks for a day, because of its clock or a mistake, is asked again before that."""
    progress, calls, waits = Progress(""), 0, set[str]()

    async def call() -> str:
        nonlocal calls
        calls += 1
        waits.add(progress.waiting_for)
        if calls < 3:
            raise Unavailable("It starts.", retry_after=asked)
        return "answer"

    async with asyncio.timeout(20):
        assert await Retrying(progress, 0.001, longest_retry_seconds=0.01)(call) == "answer"
    assert (calls, waits, progress.waiting_for) == (3, {"", "It starts."}, "")
