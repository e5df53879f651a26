"""Backends of one model server each, as tests of a backend without the service around it need them."""

from prometheus_client import CollectorRegistry

from code_rag.llm_server.backends.guard import Guard
from code_rag.llm_server.backends.limits import Limits
from code_rag.llm_server.backends.openai import OpenAIBackend
from code_rag.llm_server.backends.upstream_client import connect
from code_rag.llm_server.upstream_metrics import UpstreamMetrics


def a_backend_at(url: str) -> OpenAIBackend:
    """A backend that asks the server at `url` once, for at most five seconds."""
    guard = Guard("m", 0, no_metrics())
    return OpenAIBackend(connect(url, "sk-1", 5), "m", Limits(5, 5, 5), guard)


def no_metrics() -> UpstreamMetrics:
    """Metrics that nobody reads."""
    return UpstreamMetrics(CollectorRegistry())
