"""Answers without a language model: the lines of the given code that share most terms with the question."""

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence

from code_rag.llm_server.backends.base import Call, Json, listed
from code_rag.llm_server.relevance import find_quotes
from code_rag.servicekit.errors import InvalidInput, NotFound
from code_rag.servicekit.health import CheckResult
from code_rag.servicekit.wire.chat import EXTRACTIVE, ChatMessage, chunk, completion, completion_id
from code_rag.servicekit.wire.evidence import Block, parse
from code_rag.servicekit.wire.markers import marker

CONTEXT_CHARS = 400_000  # as much as language models read; more would take seconds of CPU time
_NO_MODEL = "No language model is configured"


class ExtractiveBackend:
    """Quotes the context blocks of the last user message; the same request always gets the same text.

    A token, in usage and in streams, is a word with the space after it. Sampling options have no effect.
    """

    def __init__(self, default_model: str) -> None:
        self._accepted = {None, EXTRACTIVE, default_model}

    async def complete(self, call: Call) -> Json:
        """The answer as one completion."""
        text = await self._write(call.request)
        return completion(EXTRACTIVE, text, usage=_usage(call.request, text))

    async def stream(self, call: Call) -> AsyncGenerator[Json]:
        """The answer word by word, and its usage."""
        text = await self._write(call.request)
        id = completion_id()
        yield chunk(id, EXTRACTIVE, {"role": "assistant", "content": ""})
        for word in _tokens(text):
            yield chunk(id, EXTRACTIVE, {"content": word})
        yield chunk(id, EXTRACTIVE, {}, "stop")
        yield chunk(id, EXTRACTIVE, {}) | {"choices": [], "usage": _usage(call.request, text)}

    async def models(self) -> list[Json]:
        """Itself."""
        return [listed(EXTRACTIVE)]

    async def check(self) -> CheckResult:
        """Always ok: it depends on no other service."""
        return CheckResult("ok", "extractive: no OPENAI_API_KEY or OPENAI_BASE_URL")

    async def close(self) -> None:
        """Nothing to close."""

    async def _write(self, request: Json) -> str:
        if (model := request.get("model")) not in self._accepted:
            raise NotFound(
                f"There is no model {model!r} here: {_NO_MODEL.lower()}, only {EXTRACTIVE!r} answers.",
                param="model",
                code="model_not_found",
            )
        message = _asked(request)
        if len(message) > CONTEXT_CHARS:
            raise InvalidInput(
                f"The last user message has {len(message):,} characters; at most {CONTEXT_CHARS:,} are read.",
                param="messages",
                code="context_length_exceeded",
            )
        return await asyncio.to_thread(answer, message)  # the longest take a second


def answer(message: str) -> str:
    """Quotes with citations for a prompt from rag-server, or the reason why there are none."""
    prompt = parse(message)
    if not prompt.blocks:
        return f"{_NO_MODEL}, and the message has no context blocks to quote: ask through rag-server instead."
    quotes = find_quotes(prompt.question, prompt.blocks)
    if not quotes:
        return (
            "Not found in the indexed code: none of the given blocks has more than half of the question's "
            f"words. {_NO_MODEL}, so only words were compared."
        )
    intro = f"{_NO_MODEL}: here are the most relevant lines of the indexed code instead of a written answer."
    return "\n\n".join((intro, *map(_render, quotes)))


def _render(quote: Block) -> str:
    code = "\n".join(quote.lines)
    fence = _fence(code)
    place = f"`{quote.path}` {marker(quote.number, quote.start_line, quote.end_line)}"
    return f"{place}\n\n{fence}{quote.language}\n{code}\n{fence}"


def _fence(code: str) -> str:
    """Three backticks, or one more than the longest run in the code, so that the code cannot close it."""
    return "`" * max(3, 1 + max((len(run) for run in re.findall("`+", code)), default=0))


def _asked(request: Json) -> str:
    messages = (ChatMessage.model_validate(message) for message in reversed(request["messages"]))
    return next((message.text() for message in messages if message.role == "user"), "")


def _tokens(text: str) -> list[str]:
    return re.findall(r"\S*\s+|\S+", text)


def _usage(request: Json, text: str) -> dict[str, int]:
    contents: Sequence[str] = [ChatMessage.model_validate(message).text() for message in request["messages"]]
    prompt, written = sum(len(_tokens(content)) for content in contents), len(_tokens(text))
    return {"prompt_tokens": prompt, "completion_tokens": written, "total_tokens": prompt + written}
