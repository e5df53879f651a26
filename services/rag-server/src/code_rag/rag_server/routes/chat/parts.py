"""The parts of a chat's reply, whole or streamed: pieces of its text, then how it ended."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from code_rag.rag_server.answer import Answer, Asked, Finish, Token
from code_rag.rag_server.answer_wire import AnswerCitation, AskRequest
from code_rag.rag_server.answering import Answerer
from code_rag.rag_server.model import Scope
from code_rag.rag_server.routes.chat.length import shortened, usage
from code_rag.rag_server.routes.chat.sources import appendix
from code_rag.rag_server.searching import SearchResult
from code_rag.servicekit.wire.chat import ChatMessage, chunk, completion, completion_id
from code_rag.servicekit.wire.events import DONE, event

LIMIT = AskRequest.model_fields["limit"].default


@dataclass(frozen=True, slots=True)
class Ended:
    """How a reply ended, and what it cites."""

    finish: Finish
    citations: Sequence[dict[str, Any]] = ()


Parts = AsyncGenerator[str | Ended, None]


async def answer_parts(answerer: Answerer, asked: Asked, scope: Scope, page: str) -> Parts:
    """An answer with its sources below it; the first piece comes after the search, and is empty."""
    written = ""
    async with aclosing(answerer.stream(asked, scope, LIMIT)) as events:
        async for happened in events:
            if isinstance(happened, Token):
                written += happened.text
                yield happened.text
            elif isinstance(happened, Answer):
                shown, finish = _shown(happened, asked, written)
                yield shown.removeprefix(written) + appendix(happened, shown, page)
                citations = [AnswerCitation.of(citation).model_dump() for citation in happened.citations]
                yield Ended(finish, citations)
            elif isinstance(happened, SearchResult):
                yield ""


def _shown(answer: Answer, asked: Asked, written: str) -> tuple[str, Finish]:
    """The answer's text, which begins with what was written of it already."""
    if not written:
        return shortened(answer.text, asked.sampling)
    return (answer.text if answer.text.startswith(written) else written), answer.finish


async def whole(parts: Parts, model: str, messages: Sequence[ChatMessage]) -> dict[str, Any]:
    """The reply as one completion."""
    text, ended = "", Ended("stop")
    async with aclosing(parts):
        async for part in parts:
            if isinstance(part, Ended):
                ended = part
            else:
                text += part
    counted = usage(messages, text)
    return completion(model, text, ended.finish, usage=counted, citations=list(ended.citations))


async def streamed(
    parts: Parts, model: str, messages: Sequence[ChatMessage], *, with_usage: bool
) -> AsyncGenerator[str, None]:
    """The reply as events: the role, the pieces, why it ended, what it cost if wanted, `[DONE]`."""
    id, text = completion_id(), ""
    async with aclosing(parts):
        yield event(chunk(id, model, {"role": "assistant", "content": ""}))
        async for part in parts:
            if isinstance(part, Ended):
                yield event(chunk(id, model, {}, part.finish, citations=list(part.citations)))
            elif part:
                text += part
                yield event(chunk(id, model, {"content": part}))
    if with_usage:
        yield event(chunk(id, model, {}) | {"choices": [], "usage": usage(messages, text)})
    yield DONE
