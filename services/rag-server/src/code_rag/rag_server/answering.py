"""The answer use case: a question in, an answer with checked citations out."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from code_rag.rag_server.answer import Answer, Asked, Token
from code_rag.rag_server.citations import ReadLines, cite
from code_rag.rag_server.gathering import Gathered, Gatherer
from code_rag.rag_server.model import Scope
from code_rag.rag_server.ports import ChatModel
from code_rag.rag_server.prompting import messages, pack
from code_rag.rag_server.quoting.rendering import render
from code_rag.rag_server.searching import CountDegradation, SearchResult
from code_rag.rag_server.stopwatch import Stopwatch
from code_rag.rag_server.understanding import understand
from code_rag.servicekit.errors import ServiceError, UpstreamFailed
from code_rag.servicekit.wire.evidence import Block

NO_MODEL = "none"
"""The `model` of an answer that no model wrote."""

Event = SearchResult | Token | Answer


@dataclass(frozen=True, slots=True)
class Answerer:
    """Answers from what the gatherer finds; `read_lines` reads the code as it is now."""

    gatherer: Gatherer
    model: ChatModel
    read_lines: ReadLines
    count_degradation: CountDegradation

    async def answer(self, asked: Asked, scope: Scope, limit: int) -> Answer:
        """The answer that `stream` ends with."""
        events = [event async for event in self.stream(asked, scope, limit)]
        return next(event for event in events if isinstance(event, Answer))

    async def stream(self, asked: Asked, scope: Scope, limit: int) -> AsyncGenerator[Event, None]:
        """The search result, then the answer's tokens, then the whole answer with its citations.

        Without a language model, or where it fails before its first token, the answer quotes the best places.
        Raises the store's errors, and the model's errors after its first token.
        """
        watch, written = Stopwatch(), list[Token]()
        gathered = await self._gathered(asked, scope, limit, watch)
        yield gathered.found
        blocks, why_not = pack(gathered.found.hits), ""
        with watch.step("generate"):
            try:
                if blocks and await self.model.writes():
                    prompt = messages(gathered.question, blocks, asked.instructions)
                    async with aclosing(self.model.stream(prompt, asked.sampling)) as tokens:
                        async for token in tokens:
                            written.append(token)
                            yield token
                    _require_some(written)
            except ServiceError as error:
                if any(token.text for token in written):
                    raise
                written, why_not = [], error.message
        if written:
            answer = await self._written(gathered, blocks, written, watch)
        else:
            answer = await self._quoted(gathered, why_not, watch)
        is_as_asked = gathered.question == asked.question
        yield replace(answer, understood="" if is_as_asked else " ".join(gathered.question.split()))

    async def _gathered(self, asked: Asked, scope: Scope, limit: int, watch: Stopwatch) -> Gathered:
        """What is found for the question as it is understood."""
        with watch.step("understand"):
            question = await understand(asked, self.model, self.count_degradation)
        gathered = await self.gatherer.gather(replace(asked, question=question), scope, limit)
        watch.timings.update(gathered.timings)
        return gathered

    async def _written(
        self, gathered: Gathered, blocks: Sequence[Block], written: Sequence[Token], watch: Stopwatch
    ) -> Answer:
        """The model's answer with checked citations."""
        text = "".join(token.text for token in written)
        with watch.step("verify"):
            citations = await asyncio.to_thread(cite, text, blocks, self.read_lines)
        found = gathered.found
        model, finish = written[-1].model, written[-1].finish
        return Answer(text, citations, found.hits, model, found.degraded, watch.timings, finish=finish)

    async def _quoted(self, gathered: Gathered, why_not: str, watch: Stopwatch) -> Answer:
        """The answer without a model; `why_not` says why the model that there is wrote none."""
        found, quotes = gathered.found, gathered.quotes
        degraded = found.degraded
        if why_not:
            self.count_degradation("no language model")
            degraded = (*degraded, f"no language model: {why_not}")
        blocks = [excerpt.block(number) for number, excerpt in enumerate(quotes.excerpts, start=1)]
        text = render(quotes.excerpts, quotes.opening)
        with watch.step("verify"):
            citations = await asyncio.to_thread(cite, text, blocks, self.read_lines)
        return Answer(text, citations, found.hits, NO_MODEL, degraded, watch.timings, quotes.state)


def _require_some(written: Sequence[Token]) -> None:
    if not any(token.text for token in written):
        raise UpstreamFailed("llm-server sent an empty answer.")
