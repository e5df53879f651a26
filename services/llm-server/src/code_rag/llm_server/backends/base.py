"""The interface between the routes and the backends that write answers."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any, Protocol

from code_rag.llm_server.model_entry import ModelEntry
from code_rag.servicekit.health import CheckResult

Json = dict[str, Any]


@dataclass(slots=True)
class Call:
    """One request for an answer, and what became known of it on the way."""

    request: Json
    """As the caller sent it."""
    within: float | None = None
    """How many seconds the caller waits for the answer to start, or to continue."""
    idempotency_key: str | None = None
    share: float | None = None
    """How many of `within` this model server gets to start, where another one follows."""
    answered_by: ModelEntry | None = None
    """The alias whose server answers, where the model is one."""
    attempts: int = 0
    """How often the model server was asked."""
    headers: dict[str, str] = field(default_factory=dict)
    """What the answer's headers say of the model server, much of it in its own words."""
    notes: Json = field(default_factory=dict)
    """What the log says of it."""


class ChatBackend(Protocol):
    """Answers chat requests in OpenAI's shapes; every failure it raises is a ServiceError."""

    async def complete(self, call: Call) -> Json:
        """The whole `chat.completion`."""
        ...

    def stream(self, call: Call) -> AsyncGenerator[Json]:
        """The answer's `chat.completion.chunk`s, its usage among them, asked for or not.

        It ends without an error only if the answer is complete.
        """
        ...

    async def models(self) -> list[Json]:
        """The models to list, the default first, with the tokens it takes as `context_window` if known."""
        ...

    async def check(self) -> CheckResult:
        """Whether answers can be expected, without a call that costs anything."""
        ...

    async def close(self) -> None:
        """Close connections."""
        ...


def listed(id: str, **about: Any) -> Json:
    """A model as `/v1/models` lists it."""
    return {"id": id, "object": "model", "created": 0, "owned_by": "llm-server"} | about
