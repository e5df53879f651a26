"""OpenAI's chat completions: the part that our services read or write."""

import time
import uuid
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

EXTRACTIVE = "extractive"
"""The model that llm-server lists where it has no language model: it quotes what it is given."""
FALLBACK = "x-llm-fallback"
"""The header that llm-server sets where another model answers than the one that was asked and failed."""


class ChatMessage(BaseModel):
    """One message; unknown fields pass through unchanged."""

    model_config = ConfigDict(extra="allow")

    role: str
    content: str | list[dict[str, Any]] | None = None

    def text(self) -> str:
        """The message's text: the content itself, or its text parts joined by newlines."""
        if isinstance(self.content, list):
            return "\n".join(str(part.get("text", "")) for part in self.content if part.get("type") == "text")
        return self.content or ""


class StreamOptions(BaseModel):
    """Options of a streamed answer."""

    model_config = ConfigDict(extra="allow", strict=True)

    include_usage: bool | None = None


class ChatRequest(BaseModel):
    """A request for a completion; unknown fields pass through unchanged."""

    model_config = ConfigDict(extra="allow", strict=True)

    model: str | None = None
    messages: list[ChatMessage] = Field(min_length=1)
    stream: bool | None = None
    stream_options: StreamOptions | None = None


class ChatCompletion(BaseModel):
    """An answer, for the document; unknown fields pass through unchanged."""

    model_config = ConfigDict(extra="allow")

    id: str
    object: str
    created: int
    model: str
    choices: list[dict[str, Any]]
    usage: dict[str, Any] | None = None


class ChatChunk(ChatCompletion):
    """A piece of a streamed answer, for the document."""


class ListedModel(BaseModel):
    """One model of a list, for the document; unknown fields pass through unchanged."""

    model_config = ConfigDict(extra="allow")

    id: str
    object: Literal["model"]


class ModelList(BaseModel):
    """OpenAI's list of models, for the document."""

    object: Literal["list"]
    data: list[ListedModel]


def completion_id() -> str:
    """A new id in OpenAI's format."""
    return f"chatcmpl-{uuid.uuid4().hex}"


def completion(
    model: str, text: str, finish_reason: str = "stop", *, usage: dict[str, int] | None = None, **extra: Any
) -> dict[str, Any]:
    """A whole `chat.completion` with `text`; `extra` adds top-level keys."""
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text},
        "finish_reason": finish_reason,
        "logprobs": None,
    }
    body = {"id": completion_id(), "object": "chat.completion", "created": int(time.time()), "model": model}
    return body | {"choices": [choice], "usage": usage} | extra


def chunk(
    id: str, model: str, delta: dict[str, Any], finish_reason: str | None = None, **extra: Any
) -> dict[str, Any]:
    """One `chat.completion.chunk` of the stream `id`."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason, "logprobs": None}
    body = {"id": id, "object": "chat.completion.chunk", "created": int(time.time()), "model": model}
    return body | {"choices": [choice]} | extra
