"""Which backend answers: what the settings select, made once at the start."""

import time
from collections.abc import Callable
from functools import partial

import structlog

from code_rag.llm_server.backends.base import ChatBackend
from code_rag.llm_server.backends.extractive import ExtractiveBackend
from code_rag.llm_server.backends.guard import Guard
from code_rag.llm_server.backends.limits import Limits
from code_rag.llm_server.backends.openai import OpenAIBackend
from code_rag.llm_server.backends.routing import RoutingBackend
from code_rag.llm_server.backends.turns import Route
from code_rag.llm_server.backends.upstream_client import connect
from code_rag.llm_server.model_entry import ModelEntry
from code_rag.llm_server.model_file import read_models
from code_rag.llm_server.settings import Settings
from code_rag.llm_server.upstream_metrics import UpstreamMetrics
from code_rag.servicekit.settings import reveal, secret_named

log = structlog.get_logger(__name__)

_Guards = Callable[[str], Guard]

OPENAI_URL = "https://api.openai.com/v1"
NO_KEY = "no-key-is-set"  # local servers ignore it, or say that one is missing


def choose_backend(
    settings: Settings, metrics: UpstreamMetrics, clock: Callable[[], float] = time.monotonic
) -> ChatBackend:
    """The backend that the settings select; logs which one it is. Raises SettingsError."""
    guard = partial(Guard, retries=settings.upstream_max_retries, metrics=metrics, clock=clock)
    others = _of_environment(settings, guard)
    if settings.llm_models:
        entries = read_models(settings.llm_models, lambda name: secret_named(name, settings.secrets_file))
        routes = {entry.name: Route(entry, _of_entry(entry, settings, guard)) for entry in entries}
        default = settings.model_name if settings.model_name in routes or others else entries[0].name
        return RoutingBackend(routes, others, default, metrics)
    if others:
        return others
    log.warning(
        "no language model: answers are quotes of the code. For written answers set OPENAI_API_KEY, or "
        "OPENAI_BASE_URL for any OpenAI-compatible server",
        backend="extractive",
    )
    return ExtractiveBackend(settings.model_name)


def _of_environment(settings: Settings, guard: _Guards) -> ChatBackend | None:
    """The one server of OPENAI_API_KEY and OPENAI_BASE_URL, if they are set."""
    key, url = reveal(settings.openai_api_key), settings.openai_base_url
    if key is None and url is None:
        return None
    upstream = connect(url or OPENAI_URL, key or NO_KEY, settings.upstream_connect_seconds)
    log.info("language model", backend="openai", model=settings.model_name, host=upstream.host)
    return OpenAIBackend(upstream, settings.model_name, _limits(settings), guard(upstream.host))


def _of_entry(entry: ModelEntry, settings: Settings, guard: _Guards) -> ChatBackend:
    upstream = connect(
        entry.base_url, entry.key or NO_KEY, settings.upstream_connect_seconds, key_header=entry.key_header,
        named=f"LLM_MODELS: models.{entry.name}: base_url",
    )  # fmt: skip
    log.info("language model", backend="openai", model=entry.name, upstream=entry.model, host=upstream.host)
    return OpenAIBackend(upstream, entry.model, _limits(settings), guard(entry.name))


def _limits(settings: Settings) -> Limits:
    return Limits(
        first_token=settings.upstream_first_token_seconds,
        pause=settings.upstream_pause_seconds,
        whole=settings.upstream_answer_seconds,
    )
