"""Which backend answers: what the settings select, made once at the start."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import structlog

from code_rag.llm_server.backends.base import ChatBackend
from code_rag.llm_server.backends.extractive import ExtractiveBackend
from code_rag.llm_server.backends.faults import Faults
from code_rag.llm_server.backends.faulty import FaultyBackend
from code_rag.llm_server.backends.guard import Guard
from code_rag.llm_server.backends.limits import Limits
from code_rag.llm_server.backends.openai import OpenAIBackend
from code_rag.llm_server.backends.routing import RoutingBackend
from code_rag.llm_server.backends.turns import Route
from code_rag.llm_server.backends.upstream_client import NO_KEY, Upstream, connect
from code_rag.llm_server.model_entry import ModelEntry
from code_rag.llm_server.model_file import read_models
from code_rag.llm_server.settings import Settings
from code_rag.llm_server.upstream_metrics import UpstreamMetrics
from code_rag.servicekit.settings import reveal, secret_named
from code_rag.servicekit.wire.chat import EXTRACTIVE

log = structlog.get_logger(__name__)

OPENAI_URL = "https://api.openai.com/v1"


def model_entries(settings: Settings) -> Sequence[ModelEntry]:
    """The models of the file LLM_MODELS, none without it. Raises SettingsError."""
    if settings.llm_models is None:
        return ()
    return read_models(settings.llm_models, lambda name: secret_named(name, settings.secrets_file))


def environments_host(settings: Settings) -> str:
    """The host of the server that OPENAI_API_KEY and OPENAI_BASE_URL name; empty without one."""
    if settings.llm_backend == "local":
        return ""
    has_model = settings.openai_api_key or settings.openai_base_url
    return (has_model and urlsplit(settings.openai_base_url or OPENAI_URL).hostname) or ""


def choose_backend(
    settings: Settings,
    metrics: UpstreamMetrics,
    entries: Sequence[ModelEntry] = (),
    faults: Faults | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> ChatBackend:
    """The backend that the settings and the file's `entries` select; logs which. Raises SettingsError."""
    servers = _Servers(settings, metrics, faults, clock)
    others = servers.of_environment()
    if entries:
        routes = {entry.name: Route(entry, servers.of_entry(entry)) for entry in entries}
        default = settings.model_name if settings.model_name in routes or others else entries[0].name
        return RoutingBackend(routes, others, default, metrics)
    if others:
        return others
    log.warning(
        "no language model: answers are quotes of the code. For written answers set OPENAI_API_KEY, or "
        "OPENAI_BASE_URL for any OpenAI-compatible server, or LLM_BACKEND=local for a model on this machine",
        backend="extractive",
    )
    return servers.failing_on_demand(
        ExtractiveBackend(settings.model_name), settings.model_name, servers.guard(EXTRACTIVE)
    )


def limits_of(settings: Settings) -> Limits:
    """How long a model server may take."""
    return Limits(
        first_token=settings.upstream_first_token_seconds,
        pause=settings.upstream_pause_seconds,
        whole=settings.upstream_answer_seconds,
    )


@dataclass(frozen=True, slots=True)
class _Servers:
    """Makes the backends of single model servers."""

    settings: Settings
    metrics: UpstreamMetrics
    faults: Faults | None
    clock: Callable[[], float]

    def of_environment(self) -> ChatBackend | None:
        """The one server of OPENAI_API_KEY and OPENAI_BASE_URL, if they are set."""
        settings = self.settings
        key, url = reveal(settings.openai_api_key), settings.openai_base_url
        if key is None and url is None:
            return None
        upstream = connect(url or OPENAI_URL, key or NO_KEY, settings.upstream_connect_seconds)
        log.info("language model", backend="openai", model=settings.model_name, host=upstream.host)
        return self._backend(upstream, settings.model_name, upstream.host)

    def of_entry(self, entry: ModelEntry) -> ChatBackend:
        """The server of a model in the file."""
        upstream = connect(
            entry.base_url, entry.key or NO_KEY, self.settings.upstream_connect_seconds,
            key_header=entry.key_header, named=f"LLM_MODELS: models.{entry.name}: base_url",
        )  # fmt: skip
        host = upstream.host
        log.info("language model", backend="openai", model=entry.name, upstream=entry.model, host=host)
        return self._backend(upstream, entry.model, entry.name)

    def failing_on_demand(self, backend: ChatBackend, model: str, guard: Guard) -> ChatBackend:
        """The backend, whose server fails when a person asks for it, where that is allowed."""
        if not self.settings.llm_faults or self.faults is None:
            return backend
        return FaultyBackend(backend, self.faults, model, limits_of(self.settings), guard)

    def guard(self, name: str) -> Guard:
        """What spares the server of that name."""
        return Guard(name, self.settings.upstream_max_retries, self.metrics, self.clock)

    def _backend(self, upstream: Upstream, model: str, name: str) -> ChatBackend:
        guard = self.guard(name)
        return self.failing_on_demand(
            OpenAIBackend(upstream, model, limits_of(self.settings), guard), model, guard
        )
