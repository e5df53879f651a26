"""The answer use case: a question in, an answer with checked citations out."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from code_rag.rag_server.admission import Admission
from code_rag.rag_server.answer import NO_MODEL, Answer, Asked, Token, Waiting
from code_rag.rag_server.citing.citations import ReadLines, cite
from code_rag.rag_server.composing import Composition, compose
from code_rag.rag_server.gathering import Gathered, Gatherer
from code_rag.rag_server.manuscript import Manuscript
from code_rag.rag_server.model import Scope
from code_rag.rag_server.ports import ChatModel
from code_rag.rag_server.searching import CountDegradation, SearchResult
from code_rag.rag_server.stopwatch import Stopwatch
from code_rag.rag_server.understanding import Understander, Understood
from code_rag.rag_server.writing import Writer

Event = SearchResult | Waiting | Token | Answer

OPEN_ANSWERS = 100
"""How many answers may be in the making at once; a model's server has limits of its own."""


def open_answers() -> Admission:
    """Room for `OPEN_ANSWERS`, without a queue: nobody knows how long a model writes."""
    return Admission("answers", OPEN_ANSWERS, longest_wait=0.0)


@dataclass(frozen=True, slots=True)
class Answerer:
    """Answers from what the gatherer finds; `read_lines` reads the code as it is now.

    `searches` has the slots in which the gatherer works; a model writes outside them.
    """

    understander: Understander
    gatherer: Gatherer
    writer: Writer
    read_lines: ReadLines
    count_degradation: CountDegradation
    searches: Admission
    opened: Admission = field(default_factory=open_answers)

    @property
    def model(self) -> ChatModel:
        """The model that writes."""
        return self.writer.model

    async def answer(self, asked: Asked, scope: Scope, limit: int) -> Answer:
        """The answer that `stream` ends with."""
        events = [event async for event in self.stream(asked, scope, limit)]
        return next(event for event in events if isinstance(event, Answer))

    def stream(self, asked: Asked, scope: Scope, limit: int) -> AsyncGenerator[Event, None]:
        """The search result, then the answer's tokens, then the whole answer with its citations.

        Where a model words the question for search, notes that it does come first.
        Without a language model, or where it fails before its first token, the answer quotes the best places;
        where it fails later, they follow what it wrote. Raises the store's errors, and Overloaded.
        """
        return self.opened.during(self._stream(asked, scope, limit))

    async def _stream(self, asked: Asked, scope: Scope, limit: int) -> AsyncGenerator[Event, None]:
        watch, written = Stopwatch(), Manuscript()
        understood = Understood(asked.question)
        with watch.step("understand"):
            async with aclosing(self.understander.understand(asked)) as notes:
                async for note in notes:
                    if isinstance(note, Understood):
                        understood = note
                    else:
                        yield note
        gathered, searched = await self._gathered(asked, understood, scope, limit, watch)
        yield gathered.found
        with watch.step("generate"):
            async with aclosing(self.writer.write(asked, gathered, scope)) as events:
                async for event in events:
                    if isinstance(event, Manuscript):
                        written = event
                    else:
                        yield event
        composition = compose(written, gathered.quotes)
        if composition.added:
            yield Token(composition.added, written.model)
        answer = await self._answer(gathered, written, composition, watch)
        yield replace(answer, understood=searched)

    async def _gathered(
        self, asked: Asked, understood: Understood, scope: Scope, limit: int, watch: Stopwatch
    ) -> tuple[Gathered, str]:
        """What is found for the question as it is understood, and that if it is not how it was asked.

        What a model made of it is searched for; the model that answers reads the question as it was asked,
        with that in brackets.
        """
        async with self.searches.slot():
            gathered = await self.gatherer.gather(replace(asked, question=understood.question), scope, limit)
        watch.timings.update(gathered.timings)
        searched = "" if gathered.question == asked.question else " ".join(gathered.question.split())
        if understood.is_worded:
            gathered = replace(gathered, question=f"{asked.question}\n(Searched for: {searched})")
        if understood.degraded:
            self.count_degradation("search help")
            found = replace(gathered.found, degraded=(*understood.degraded, *gathered.found.degraded))
            gathered = replace(gathered, found=found)
        return gathered, searched

    async def _answer(
        self, gathered: Gathered, written: Manuscript, composed: Composition, watch: Stopwatch
    ) -> Answer:
        """The answer with checked citations; what did not work is counted."""
        for kind, _ in composed.degraded:
            self.count_degradation(kind)
        with watch.step("verify"):
            citations = await asyncio.to_thread(cite, composed.text, composed.blocks, self.read_lines)
        return Answer(
            composed.text,
            citations,
            gathered.found.hits,
            written.model if written.text else NO_MODEL,
            (*gathered.found.degraded, *(sentence for _, sentence in composed.degraded)),
            watch.timings,
            composed.state,
            finish=written.finish_reason,
            usage=written.usage,
        )
