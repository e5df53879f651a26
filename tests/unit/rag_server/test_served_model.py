"""rag-server learns which model embedding-server serves, and notices when it is another one."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from code_rag.rag_server.adapters.embedding_client import EmbeddingClient
from code_rag.rag_server.model import EmbeddingModel
from code_rag.rag_server.ports import ModelChanged
from code_rag.servicekit.errors import Unavailable
from tests.unit.rag_server.embedding_loopback import EmbeddingLoopback, a_model, embedding_server, vector_by
from tests.unit.rag_server.loopback_http import http, serving

ONE, OTHER = a_model("one/model", 12), a_model("other/model", 12)


@asynccontextmanager
async def served(model: EmbeddingModel) -> AsyncIterator[tuple[EmbeddingClient, EmbeddingLoopback]]:
    """A client, and the server of this model that it talks to."""
    async with embedding_server(model) as server:
        client = EmbeddingClient(server.at.url, None)
        try:
            yield client, server
        finally:
            await client.close()


async def test_the_served_model_is_learned_from_the_list() -> None:
    """Name, dimension, limit and fingerprint are those that the server lists."""
    async with served(ONE) as (client, _):
        assert await client.served() == ONE


@pytest.mark.parametrize("data", [[], [{"id": "m"}], [{"id": "m", "dimension": 8, "fingerprint": None}]])
async def test_a_model_that_is_still_loading_is_not_known(data: list[dict[str, Any]]) -> None:
    """Until the server lists a fingerprint, no model is taken for the one that it serves."""
    listed = http(200, json.dumps({"object": "list", "data": data}))
    async with serving(lambda path, body: listed) as loopback:
        client = EmbeddingClient(loopback.url, None)
        with pytest.raises(Unavailable, match="has not loaded its model yet"):
            await client.served()
        await client.close()


async def test_another_model_is_noticed_by_its_answer() -> None:
    """Whoever follows the model learns of another one by its first answer, and gets no vector of it."""
    async with served(ONE) as (client, server):
        embedder = client.embedder(ONE)
        assert await embedder.embed(["a"]) == [vector_by(ONE, "a")]
        assert not client.changed.is_set()
        server.model = OTHER
        with pytest.raises(ModelChanged):
            await embedder.embed(["a"])
        assert client.changed.is_set()
        assert await client.embedder(OTHER).embed(["a"]) == [vector_by(OTHER, "a")]


async def test_no_vector_is_asked_for_an_index_of_an_unknown_model() -> None:
    """Without a fingerprint to compare, no vector is taken; whoever follows the model finds it out first."""
    async with served(ONE) as (client, server):
        with pytest.raises(ModelChanged):
            await client.embedder(EmbeddingModel("one/model", 12)).embed(["a"])
        assert client.changed.is_set()
        assert server.embedded == []
