"""The writing use case: what was found in, the model's answer out, screened while it is written."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace

import structlog

from code_rag.rag_server.answer import Asked, LanguageModel, Token, Waiting
from code_rag.rag_server.drafting import Draft, evidence, small_draft
from code_rag.rag_server.gathering import Gathered
from code_rag.rag_server.manuscript import Manuscript
from code_rag.rag_server.mapping import Mapper
from code_rag.rag_server.model import Scope
from code_rag.rag_server.ports import ChatModel
from code_rag.rag_server.prompting import messages, pack
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
            draft = await self._draft(model, asked, gathered, scope) if model else None
            if draft is None:
                yield written
                return
            written = draft.written
            async with aclosing(self._shown(draft)) as events:
                async for event in events:
                    yield event
            if sentence := clipped(draft.prompt, written.usage):
                written.clipped = sentence
                log.warning("clipped prompt", reason=sentence)
        except ServiceError as error:
            failure = error.message
        if rest := written.finish(failure):
            yield Token(rest, written.model)
        yield written

    async def _draft(
        self, model: LanguageModel, asked: Asked, gathered: Gathered, scope: Scope
    ) -> Draft | None:
        """What the model is to write; None where nothing was found that a small model could write about."""
        if model.reading_tokens_per_second:
            return small_draft(model.name, model.reading_tokens_per_second, asked, gathered)
        sizes = budget(model, f"{gathered.question}{asked.instructions}", self.context_tokens)
        blocks = pack(evidence(gathered), sizes.evidence)
        shown_map = await self.mapper.map(scope, sizes.map)
        prompt = messages(asked, gathered.question, blocks, shown_map, sizes)
        given = [message["content"] for message in prompt[_GIVEN:]]
        return Draft(prompt, asked.sampling, Manuscript(blocks, given, model.name), Waiting(model.name, 0))

    async def _shown(self, draft: Draft) -> AsyncGenerator[Token | Waiting, None]:
        """What is shown of the model's tokens, or how many words are not shown yet."""
        written = draft.written
        async with aclosing(self._events(draft)) as events:
            async for event in events:
                if isinstance(event, Waiting):
                    yield event
                elif shown := written.add(event):
                    yield Token(shown, written.model)
                elif written.held_words and draft.waiting.places:
                    yield replace(draft.waiting, words=written.held_words)

    async def _events(self, draft: Draft) -> AsyncGenerator[Token | Waiting, None]:
        """The model's tokens; whenever it is silent for a while, for how long it has been."""
        tokens = self.model.stream(draft.prompt, draft.sampling)
        upcoming = asyncio.ensure_future(anext(tokens, None))
        silent = 0.0
        try:
            yield draft.waiting
            while True:
                done, _ = await asyncio.wait({upcoming}, timeout=self.tick_seconds)
                if not done:
                    silent += self.tick_seconds
                    yield replace(draft.waiting, seconds=int(silent))
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
