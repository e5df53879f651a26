"""The use case of understanding a question: where a model helps, it is searched for in the model's words.

A question that leans on the conversation is completed from it, and one in a language that the embedding model
does not read is put into English, in one call for both.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Literal

import structlog

from code_rag.rag_server.answer import Asked, Sampling, Waiting
from code_rag.rag_server.following_up import carrying
from code_rag.rag_server.following_up.leaning import MAX_CHARS
from code_rag.rag_server.ports import ChatModel
from code_rag.rag_server.search_wording import Wording
from code_rag.servicekit.errors import ServiceError

Outcome = Literal["used", "timed out", "failed", "refused"]
"""How a model's help ended; what is refused is not the question in other words."""

SAMPLING = Sampling(temperature=0.0, max_tokens=128)
"""The likeliest words, and enough for one question."""
TICK_SECONDS = 1.0
"""How often a model that is still at work is reported."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Understood:
    """What is searched for in place of a question."""

    question: str
    is_worded: bool = False
    """Whether a model wrote it."""
    degraded: tuple[str, ...] = ()
    """What did not work, if anything, in a sentence."""


@dataclass(frozen=True, slots=True)
class Understander:
    """Words questions for search; `count` counts how each call of the model ended."""

    model: ChatModel
    embedding_model: Callable[[], str]
    """The name of the model whose vectors are compared, which may be another one later."""
    count: Callable[[Outcome], None]
    seconds: float
    """The longest wait; 0: no model is asked."""
    tick_seconds: float = TICK_SECONDS

    async def understand(self, asked: Asked) -> AsyncGenerator[Waiting | Understood, None]:
        """What is searched for, after a note for each second in which a model words it; nothing raises.

        Without a model that writes, or where it fails, that is the question itself; if it leans on the
        conversation, with names of that.
        """
        wording = Wording.of(asked, self.embedding_model())
        unhelped = Understood(carrying(asked) if wording.completes else asked.question)
        if not self.seconds or not (wording.completes or wording.translates):
            yield unhelped
            return
        async with aclosing(self._helped(wording, unhelped)) as events:
            async for event in events:
                yield event

    async def _helped(
        self, wording: Wording, unhelped: Understood
    ) -> AsyncGenerator[Waiting | Understood, None]:
        started = time.monotonic()
        try:
            async with asyncio.timeout(self.seconds):
                model = await self.model.writes()
        except (ServiceError, TimeoutError) as error:
            yield self._failed(unhelped, error, started)
            return
        if model is None:
            yield unhelped
            return
        call = asyncio.ensure_future(self._worded(wording, unhelped, started))
        async with aclosing(_ticks(call, self.tick_seconds)) as ticks:
            async for seconds in ticks:
                yield Waiting(model.name, seconds, "search")
        yield call.result()

    async def _worded(self, wording: Wording, unhelped: Understood, started: float) -> Understood:
        """The question in the model's words, if they can be used."""
        try:
            async with asyncio.timeout(self.seconds):
                question = wording.accepted(await self._written(wording))
        except (ServiceError, TimeoutError) as error:
            return self._failed(unhelped, error, started)
        if question:
            self._note("used", started)
            return Understood(question, is_worded=True)
        return self._without(
            unhelped, "refused", "what the model wrote is not the question in other words", started
        )

    async def _written(self, wording: Wording) -> str:
        """The first line that the model writes, or more of it than can be used."""
        written = ""
        async with aclosing(self.model.stream(wording.messages(), SAMPLING)) as tokens:
            async for token in tokens:
                written += token.text
                if "\n" in written.strip() or len(written) > 2 * MAX_CHARS:
                    break
        return written

    def _failed(self, unhelped: Understood, error: ServiceError | TimeoutError, started: float) -> Understood:
        if isinstance(error, ServiceError):
            return self._without(unhelped, "failed", error.message.rstrip("."), started)
        why = f"the model took longer than {self.seconds:g} s (SEARCH_HELP_SECONDS)"
        return self._without(unhelped, "timed out", why, started)

    def _without(self, unhelped: Understood, outcome: Outcome, why: str, started: float) -> Understood:
        self._note(outcome, started)
        return replace(unhelped, degraded=(f"searched for without a model's help: {why}",))

    def _note(self, outcome: Outcome, started: float) -> None:
        """Count and log how a call ended; nothing of what was asked or written is logged."""
        self.count(outcome)
        log.info("search help", outcome=outcome, seconds=round(time.monotonic() - started, 3))


async def _ticks(call: asyncio.Future[Understood], seconds: float) -> AsyncGenerator[int, None]:
    """For how many seconds the call has run, until it is done; if nobody waits for it, it is cancelled."""
    waited = 0.0
    try:
        while not call.done():
            yield int(waited)
            await asyncio.wait({call}, timeout=seconds)
            waited += seconds
    finally:
        call.cancel()
        await asyncio.wait({call})
