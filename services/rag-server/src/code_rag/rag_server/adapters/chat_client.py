"""Client of llm-server's chat model, over OpenAI's streaming protocol."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import httpx2
from pydantic import BaseModel, SecretStr

from code_rag.rag_server.adapters.upstream import Upstream
from code_rag.rag_server.answer import AS_IT_LIKES, Finish, LanguageModel, Sampling, Token, Usage
from code_rag.servicekit.errors import UpstreamFailed
from code_rag.servicekit.wire import deadline
from code_rag.servicekit.wire.chat import EXTRACTIVE, FALLBACK

COMPLETIONS = "/v1/chat/completions"
MARGIN_SECONDS = 2.0
"""llm-server keeps the deadline; this much later it is given up."""
_EARLY: tuple[Finish, ...] = ("length", "content_filter")


class _Delta(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    delta: _Delta = _Delta()
    finish_reason: str | None = None


class _Event(BaseModel):
    model: str = ""
    choices: list[_Choice] = []
    error: dict[str, Any] | str | None = None
    usage: Any = None


class ChatClient:
    """A ChatModel over HTTP; close it when done."""

    def __init__(self, url: str, api_key: SecretStr | None, longest: float) -> None:
        """`longest` is how many seconds it waits for an answer to start, or to continue."""
        self._upstream = Upstream("llm-server", url, api_key, longest + MARGIN_SECONDS)
        self._headers = deadline.render(longest)

    async def writes(self) -> LanguageModel | None:
        """llm-server's model; None where it has none and would only quote from the prompt."""
        listed = await self._upstream.model()
        if listed.id == EXTRACTIVE:
            return None
        return LanguageModel(listed.id, listed.context_window, listed.reading_tokens_per_second)

    async def stream(
        self, messages: Sequence[Mapping[str, str]], sampling: Sampling = AS_IT_LIKES
    ) -> AsyncGenerator[Token, None]:
        """The answer in pieces; raises servicekit's upstream errors, possibly after some pieces."""
        wanted = {name: value for name, value in asdict(sampling).items() if value is not None}
        counted = {"stream": True, "stream_options": {"include_usage": True}}
        body = {"messages": [dict(message) for message in messages], **counted, **wanted}
        call = self._upstream.http.stream("POST", COMPLETIONS, json=body, headers=self._headers)
        with self._upstream.errors():
            async with call as response:
                if not response.is_success:
                    await response.aread()
                    self._upstream.require_ok(response)
                async for event in httpx2.EventSource(response):
                    if event.data == "[DONE]":
                        return
                    token = replace(_token(event.data), is_fallback=FALLBACK in response.headers)
                    if token.text or token.finish != "stop" or token.usage:
                        yield token
        raise UpstreamFailed("llm-server ended its answer early.")

    async def ping(self) -> str:
        """The name of the model; raises if llm-server is unreachable, unhealthy or rejects the key."""
        return await self._upstream.ping()

    async def close(self) -> None:
        """Close all connections."""
        await self._upstream.close()


def _token(data: str) -> Token:
    """The text of one event, which may be empty; raises UpstreamFailed for an error inside the stream."""
    event = _Event.model_validate_json(data)
    if event.error is not None:
        raise UpstreamFailed(f"llm-server failed: {_message(event.error)}")
    text = "".join(choice.delta.content or "" for choice in event.choices)
    reasons = [choice.finish_reason for choice in event.choices]
    finish: Finish = next((end for end in _EARLY if end in reasons), "stop")
    return Token(text, event.model, finish, _usage(event.usage))


def _usage(said: object) -> Usage | None:
    """What a model's server counts, which llm-server passes on as it is; None where it counts no prompt."""
    if not isinstance(said, dict) or not (read := _number(said.get("prompt_tokens"))):
        return None
    details = said.get("prompt_tokens_details")
    cached = _number(details.get("cached_tokens")) if isinstance(details, dict) else 0
    cost = said.get("cost")
    dollars = float(cost) if isinstance(cost, int | float) else None
    return Usage(read, _number(said.get("completion_tokens")), cached, dollars)


def _number(said: object) -> int:
    return said if isinstance(said, int) and said > 0 else 0


def _message(error: dict[str, Any] | str) -> str:
    return error if isinstance(error, str) else str(error.get("message", "no reason given"))
