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

    async def complete(self, request: Json) -> Json:
        """The whole `chat.completion` for a request as the caller sent it."""
        ...

    def stream(self, request: Json) -> AsyncGenerator[Json]:
        """The answer's `chat.completion.chunk`s; it ends without an error only if it is complete."""
        ...

    async def check(self) -> CheckResult:
        """Whether answers can be expected, without a call that costs anything."""
        ...

    async def close(self) -> None:
        """Close connections."""
        ...
