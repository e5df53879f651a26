"""What a scripted server says that embeds, and the settings of an embedding-server in front of it."""

import json
from collections.abc import Callable
from typing import Any

from starlette.testclient import TestClient

from code_rag.embedding_server.settings import Settings
from tests.fixtures.scripted_upstream import Reply, ScriptedUpstream

KEY = "sk-this-is-secret"
MODEL = "house-embeddings"
Start = Callable[..., TestClient]
"""Gives a client of a ready embedding-server in front of a scripted server; its arguments become settings."""


def settings_for(upstream: ScriptedUpstream, **settings: Any) -> Settings:
    given = {
        "embedding_engine": "openai",
        "embedding_base_url": f"{upstream.url}/v1",
        "embedding_model": MODEL,
        "embedding_api_key": KEY,
    }
    return Settings(**(given | settings))


def listing(**entry: Any) -> Reply:
    return Reply([json.dumps({"object": "list", "data": [entry]}).encode()])


def embeddings(texts: int, tokens: int | None = 7, **first: Any) -> Reply:
    """Vectors of length 5 in reverse order; `first` replaces fields of the first text's."""
    data = [{"index": index, "embedding": [3.0 + index, 4.0, 0.0]} for index in range(texts)]
    data[0] |= first
    usage = {"usage": {"prompt_tokens": tokens, "total_tokens": tokens}} if tokens else {}
    return Reply([json.dumps({"data": data[::-1], "model": "x"} | usage).encode()])
