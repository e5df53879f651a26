"""Backends of one model server each, as tests of a backend without the service around it need them."""

from code_rag.llm_server.backends.limits import Limits
from code_rag.llm_server.backends.openai import OpenAIBackend
from code_rag.llm_server.backends.upstream_client import connect


def a_backend_at(url: str) -> OpenAIBackend:
    """A backend that asks the server at `url` once, for at most five seconds."""
    return OpenAIBackend(connect(url, "sk-1", 5), "m", Limits(5, 5, 5), retries=0)
