"""Asks the model server for its list of models: that costs nothing, and shows whether it answers."""

import asyncio
from typing import Any

from openai import AsyncOpenAI, OpenAIError

from code_rag.llm_server.backends.upstream_errors import translate
from code_rag.servicekit.errors import ServiceError, UpstreamFailed, UpstreamTimeout

PROBE_SECONDS = 1.5
"""Below the two seconds that a health check may take."""
_CONTEXT_WINDOW = ("context_window", "context_length", "max_model_len", "max_context_length")


class UpstreamProbe:
    """Looks at one model server, and remembers what it says of `model`."""

    def __init__(self, client: AsyncOpenAI, model: str) -> None:
        self._client = client
        self._model = model
        self.context_window: int | None = None
        """The tokens that the model takes, where the server says so."""

    async def failure(self) -> ServiceError | None:
        """Why answers cannot be expected; None if the server answers, also that it has no such list."""
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                listed = await self._client.get("/models", cast_to=object, options={"max_retries": 0})
        except (OpenAIError, TimeoutError, ValueError) as error:
            failure = translate(error, started=False, secret=self._client.api_key)
            return failure if isinstance(failure, UpstreamFailed | UpstreamTimeout) else None
        self.context_window = _context_window(listed, self._model)
        return None


def _context_window(listed: object, model: str) -> int | None:
    """What llama.cpp, vLLM and others add to their list; OpenAI does not."""
    models = listed.get("data") if isinstance(listed, dict) else None
    known: list[dict[str, Any]] = [each for each in models or [] if isinstance(each, dict)]
    chosen = next((each for each in known if each.get("id") == model), known[0] if len(known) == 1 else {})
    meta = chosen.get("meta")
    sizes = [chosen.get(name) for name in _CONTEXT_WINDOW]
    sizes.append(meta.get("n_ctx") if isinstance(meta, dict) else None)
    return next((size for size in sizes if isinstance(size, int) and size > 0), None)
