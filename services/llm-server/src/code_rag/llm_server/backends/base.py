"""The interface between the routes and the backends that write answers."""

from collections.abc import AsyncGenerator
from typing import Any, Protocol

from code_rag.servicekit.health import CheckResult

Json = dict[str, Any]


class ChatBackend(Protocol):
    """Answers chat requests in OpenAI's shapes; every failure it raises is a ServiceError."""

    @property
    def models(self) -> tuple[str, ...]:
        """The ids that `/v1/models` lists, the default first."""
        ...

    async def complete(self, request: Json, within: float | None = None) -> Json:
        """The whole `chat.completion` for a request as the caller sent it, who waits `within` seconds."""
        ...

    def stream(self, request: Json, within: float | None = None) -> AsyncGenerator[Json]:
        """The answer's `chat.completion.chunk`s; it ends without an error only if it is complete."""
        ...

    async def context_window(self) -> int | None:
        """How many tokens the default model takes, if that is known."""
        ...

    async def check(self) -> CheckResult:
        """Whether answers can be expected, without a call that costs anything."""
        ...

    async def close(self) -> None:
        """Close connections."""
        ...
