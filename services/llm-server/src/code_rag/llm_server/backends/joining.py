"""One completion out of the chunks of a stream."""

from collections.abc import AsyncIterator

from code_rag.llm_server.backends.base import Json

_OF_CHUNKS = {"choices", "object", "prompt_progress"}
_ONLY_WHOLE = ("tools", "functions", "logprobs", "top_logprobs")
"""What a request may ask for that arrives in pieces of more kinds than text."""


def can_join(request: Json) -> bool:
    """Whether the answer to `request` is one text."""
    return request.get("n") in (None, 1) and not any(request.get(name) for name in _ONLY_WHOLE)


async def join(chunks: AsyncIterator[Json]) -> Json:
    """The `chat.completion` that the chunks amount to, with the last usage and figures that came."""
    text, finish_reason, about = "", None, Json()
    async for chunk in chunks:
        about |= {
            name: value for name, value in chunk.items() if name not in _OF_CHUNKS and value is not None
        }
        for choice in chunk.get("choices") or []:
            text += (choice.get("delta") or {}).get("content") or ""
            finish_reason = choice.get("finish_reason") or finish_reason
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": finish_reason, "logprobs": None}
    return {**about, "object": "chat.completion", "choices": [choice]}
