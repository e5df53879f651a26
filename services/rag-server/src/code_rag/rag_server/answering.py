"""The answer use case: a question in, an answer with checked citations out."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from code_rag.rag_server.citations import ReadLines, cite
from code_rag.rag_server.model import Answer, Scope, Token
from code_rag.rag_server.ports import ChatModel
from code_rag.rag_server.prompting import messages, pack
from code_rag.rag_server.question_language import UNREAD
from code_rag.rag_server.searching import CountDegradation, Searcher, SearchResult
from code_rag.rag_server.stopwatch import Stopwatch
from code_rag.servicekit.errors import ServiceError, UpstreamFailed
from code_rag.servicekit.wire.evidence import Block, visible
from code_rag.servicekit.wire.markers import marker

BEST_PLACES = 5
NO_MODEL = "none"
"""The `model` of an answer that no model wrote."""

Event = SearchResult | Token | Answer


@dataclass(frozen=True, slots=True)
class Answerer:
    """Answers from what the searcher finds; `read_lines` reads the code as it is now."""

    searcher: Searcher
    model: ChatModel
    read_lines: ReadLines
    count_degradation: CountDegradation

    async def answer(self, question: str, scope: Scope, limit: int) -> Answer:
        """The answer that `stream` ends with."""
        events = [event async for event in self.stream(question, scope, limit)]
        return next(event for event in events if isinstance(event, Answer))

    async def stream(self, question: str, scope: Scope, limit: int) -> AsyncGenerator[Event, None]:
        """The search result, then the answer's tokens, then the whole answer with its citations.

        Without a language model the answer lists the best places. Raises the store's errors, and the
        model's errors after its first token.
        """
        found = await self.searcher.search(question, scope, limit)
        yield found
        if not found.hits:
            yield _not_found(found)
            return
        watch, blocks = Stopwatch(dict(found.timings)), pack(found.hits)
        written: list[Token] = []
        unavailable_reason = ""
        with watch.step("generate"):
            try:
                async with aclosing(self.model.stream(messages(question, blocks))) as tokens:
                    async for token in tokens:
                        written.append(token)
                        yield token
                _require_some(written)
            except ServiceError as error:
                if written:
                    raise
                unavailable_reason = error.message
        yield await self._checked(found, blocks, written, unavailable_reason, watch)

    async def _checked(
        self,
        found: SearchResult,
        blocks: Sequence[Block],
        written: Sequence[Token],
        unavailable_reason: str,
        watch: Stopwatch,
    ) -> Answer:
        """The answer with checked citations: the model's text, or the best places if it is unavailable."""
        degraded = found.degraded
        if unavailable_reason:
            self.count_degradation("no language model")
            degraded = (*degraded, f"no language model: {unavailable_reason}")
        text = "".join(token.text for token in written) or _best_places(blocks)
        with watch.step("verify"):
            citations = await asyncio.to_thread(cite, text, blocks, self.read_lines)
        model = written[-1].model if written else NO_MODEL
        return Answer(text, citations, found.hits, model, degraded, watch.timings)


def _require_some(written: Sequence[Token]) -> None:
    if not written:
        raise UpstreamFailed("llm-server sent an empty answer.")


def _not_found(found: SearchResult) -> Answer:
    unread = any(reason.startswith(UNREAD) for reason in found.degraded)
    what = "No word of the question is" if unread else "Not found"
    text = " ".join((f"{what} in the indexed code.", *(f"({reason})" for reason in found.degraded)))
    return Answer(text, (), (), NO_MODEL, found.degraded, found.timings)


def _best_places(blocks: Sequence[Block]) -> str:
    """The answer without a language model: the best places, each cited."""
    places = "\n".join(f"- {_place(block)} {marker(block.number)}" for block in blocks[:BEST_PLACES])
    return f"No language model is available. These places match the question best:\n\n{places}"


def _place(block: Block) -> str:
    """Path, lines and symbol as inline code, so that brackets in a name are not read as a marker."""
    symbol = f" {block.symbol}" if block.symbol else ""
    name = visible(f"{block.path}:{block.start_line}-{block.end_line}{symbol}")
    return f"`{name.replace('`', chr(39))}`"
