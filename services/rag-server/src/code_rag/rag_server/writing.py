"""The writing use case: what was found in, the model's answer out, screened while it is written."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

import structlog

from code_rag.rag_server.answer import Asked, LanguageModel, Sampling, Token, Waiting
from code_rag.rag_server.gathering import Gathered
from code_rag.rag_server.manuscript import Manuscript
from code_rag.rag_server.mapping import Mapper
from code_rag.rag_server.model import Chunk, Hit, Scope
from code_rag.rag_server.ports import ChatModel
from code_rag.rag_server.prompting import Message, messages, pack
from code_rag.rag_server.prompting.clipping import clipped
from code_rag.rag_server.prompting.context_budget import budget
from code_rag.servicekit.errors import ServiceError

log = structlog.get_logger(__name__)

TICK_SECONDS = 1.0
"""How often a silent model is reported."""
_GIVEN = 3
"""Where the messages start that differ from question to question: after the rules and the example."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Has the model write; `context_tokens` is the size of its context where the user sets it."""

    model: ChatModel
    mapper: Mapper
    context_tokens: int | None = None
    tick_seconds: float = TICK_SECONDS

    async def write(
        self, asked: Asked, gathered: Gathered, scope: Scope
    ) -> AsyncGenerator[Token | Waiting | Manuscript, None]:
        """The answer's tokens, with a note for each second of silence, and last all that was written.

        Nothing raises: with a model that fails there is an answer, too. Without one, or where nothing was
        found, the manuscript is empty and no failure.
        """
        written, failure = Manuscript(), ""
        try:
            found = gathered.found.hits or gathered.quotes.excerpts
            model = await self.model.writes() if found else None
            if model is None:
                yield written
                return
            prompt, written = await self._prepare(model, asked, gathered, scope)
            async with aclosing(self._events(prompt, asked.sampling, model.name)) as events:
                async for event in events:
                    if isinstance(event, Waiting):
                        yield event
                    elif shown := written.add(event):
                        yield Token(shown, written.model)
            if sentence := clipped(prompt, written.usage):
                written.clipped = sentence
                log.warning("clipped prompt", reason=sentence)
        except ServiceError as error:
            failure = error.message
        if rest := written.finish(failure):
            yield Token(rest, written.model)
        yield written

    async def _prepare(
        self, model: LanguageModel, asked: Asked, gathered: Gathered, scope: Scope
    ) -> tuple[list[Message], Manuscript]:
        sizes = budget(model, f"{gathered.question}{asked.instructions}", self.context_tokens)
        blocks = pack(_evidence(gathered), sizes.evidence)
        shown_map = await self.mapper.map(scope, sizes.map)
        prompt = messages(asked, gathered.question, blocks, shown_map, sizes)
        given = [message["content"] for message in prompt[_GIVEN:]]
        return prompt, Manuscript(blocks, given, model.name)

    async def _events(
        self, prompt: list[Message], sampling: Sampling, model: str
    ) -> AsyncGenerator[Token | Waiting, None]:
        """The model's tokens; whenever it is silent for a while, for how long it has been."""
        tokens = self.model.stream(prompt, sampling)
        upcoming = asyncio.ensure_future(anext(tokens, None))
        silent = 0.0
        try:
            yield Waiting(model, 0)
            while True:
                done, _ = await asyncio.wait({upcoming}, timeout=self.tick_seconds)
                if not done:
                    silent += self.tick_seconds
                    yield Waiting(model, int(silent))
                    continue
                if (token := upcoming.result()) is None:
                    return
                silent = 0.0
                yield token
                upcoming = asyncio.ensure_future(anext(tokens, None))
        finally:
            upcoming.cancel()
            await asyncio.wait({upcoming})
            await tokens.aclose()


def _evidence(gathered: Gathered) -> list[Hit]:
    """What would be quoted without a model, or the hits around it, and then the other hits."""
    evidence: list[Hit] = []
    quoted = [Hit(excerpt.chunk(), 1.0, {}) for excerpt in gathered.quotes.excerpts]
    hits = gathered.found.hits
    around = [next((hit for hit in hits if _holds(hit.chunk, each.chunk)), each) for each in quoted]
    for hit in (*around, *hits):
        if not any(_holds(known.chunk, hit.chunk) for known in evidence):
            evidence.append(hit)
    return evidence


def _holds(whole: Chunk, part: Chunk) -> bool:
    inside = whole.start_line <= part.start_line and part.end_line <= whole.end_line
    return whole.path == part.path and inside
