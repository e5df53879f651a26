"""Which model is asked next where one fails before its answer starts, and how long it has."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import structlog

from code_rag.llm_server.backends.base import Call, ChatBackend
from code_rag.llm_server.backends.breaker import Resting
from code_rag.llm_server.backends.resuming import Written
from code_rag.llm_server.backends.upstream_errors import SERVERS_FAULT, TOO_LONG
from code_rag.llm_server.model_entry import ModelEntry
from code_rag.llm_server.upstream_metrics import UpstreamMetrics
from code_rag.servicekit.errors import InvalidInput, ServiceError
from code_rag.servicekit.wire.chat import FALLBACK

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Route:
    """A model of the file, and what asks its server."""

    entry: ModelEntry
    backend: ChatBackend


class Turns:
    """The models that one call may be answered by, in turn, the one that it names first."""

    def __init__(self, call: Call, routes: Sequence[Route], metrics: UpstreamMetrics) -> None:
        self._call = call
        self._left = list(routes)
        self._metrics = metrics
        self._failed: list[tuple[Route, ServiceError]] = []
        self._seconds = call.within or inf
        self._until = self._now() + self._seconds

    @property
    def route(self) -> Route:
        """The one whose turn it is."""
        return self._left[0]

    def ask(self) -> Call:
        """The call to its backend: with the server's name for the model, and its share of the time."""
        request = self._call.request | {"model": self.route.entry.model}
        call = Call(request, self._call.within, self._call.idempotency_key, self._share())
        call.attempts = self._call.attempts
        return call

    def answers(self, call: Call) -> None:
        """Take over what became known of the call whose answer starts."""
        entry, whole = self.route.entry, self._call
        if whole.answered_by is entry:
            return
        whole.answered_by = entry
        whole.headers = call.headers | {"x-llm-model": entry.model, "x-llm-attempts": str(call.attempts)}
        whole.notes["model"] = entry.name
        if self._failed:
            whole.headers[FALLBACK] = "true"
            whole.notes["instead_of"] = self._failed[0][0].entry.name

    def ended(self, call: Call) -> None:
        """Take over how often a server was asked."""
        self._call.attempts = call.attempts

    def fail(self, call: Call, error: ServiceError, written: Written | None = None) -> None:
        """Pass the turn on; raises what the caller gets where no other model may do better.

        For an answer of which a part is `written` there is as long again: it is to be repeated.
        """
        self.ended(call)
        if written and written.started:
            self._until = self._now() + self._seconds
        route = self._left.pop(0)
        self._failed.append((route, error))
        self._left = [other for other in self._left if _may_answer(other.entry, route.entry, error)]
        if not self._left or self._until <= self._now() or not (written is None or written.is_plain):
            raise self.failure()
        to = self.route.entry.name
        self._metrics.fell_back(route.entry.name, error.code)
        log.warning("model falls back", model=route.entry.name, to=to, code=error.code, reason=error.message)

    def failure(self) -> ServiceError:
        """What the caller gets: why the model that was asked for failed, and each of those after it."""
        (route, first), *others = self._failed
        sentences = [of_entry(first.message, route.entry)]
        sentences += [f"{r.entry.name}, asked instead: {of_entry(e.message, r.entry)}" for r, e in others]
        attempts = {"x-llm-attempts": str(self._call.attempts)}
        return type(first)(
            " – ".join(sentences), param=first.param, code=first.code, retry_after=first.retry_after,
            headers={**first.headers, **attempts},
        )  # fmt: skip

    def _share(self) -> float | None:
        """Seconds to start: of what the caller waits, an equal part for each model that is left."""
        if len(self._left) == 1 and not self._failed:
            return None
        return max(0.1, round((self._until - self._now()) / len(self._left), 1))

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


def _may_answer(other: ModelEntry, failed: ModelEntry, error: ServiceError) -> bool:
    """Whether `other` may do better: not with a request that is at fault, unless it is only too long."""
    if error.code == TOO_LONG and isinstance(error, InvalidInput):
        return (other.context_tokens or 0) > (failed.context_tokens or inf)
    return isinstance(error, (*SERVERS_FAULT, Resting))


def of_entry(message: str, entry: ModelEntry) -> str:
    """The message with the place in the file where it names variables of the environment."""
    for variable, what in (("OPENAI_BASE_URL", "base_url"), ("OPENAI_API_KEY", "key_variable")):
        message = message.replace(variable, f"the {what} of {entry.name} in LLM_MODELS")
    return message
