"""Speaking to embedding-server: whole answers only, and every failure said as it is."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from code_rag.rag_server.adapters.embedding_client import EmbeddingClient, ModelEmbedder
from code_rag.rag_server.model import EmbeddingModel
from code_rag.rag_server.ports import ModelChanged
from code_rag.servicekit.errors import (
    InvalidInput,
    Overloaded,
    ServiceError,
    Unavailable,
    UpstreamFailed,
    UpstreamTimeout,
)
from code_rag.servicekit.middleware import request_id
from code_rag.servicekit.wire.embeddings import FINGERPRINT_HEADER
from tests.fixtures.hand_clock import HandClock
from tests.unit.rag_server.embedding_loopback import entry
from tests.unit.rag_server.fakes import DIMENSION, vector_of
from tests.unit.rag_server.loopback_http import HANG, Answer, Loopback, http, serving, unused_url

MODEL = "some/model"
INDEXED = EmbeddingModel(MODEL, DIMENSION, 256, "0123456789abcdef")
NAMED = f"{FINGERPRINT_HEADER}: {INDEXED.fingerprint}"
DEGRADED = (
    '{"status": "degraded", "service": "s", "version": "1",'
    ' "checks": {"engine": {"status": "degraded", "detail": "slow CPU"}}}'
)


@asynccontextmanager
async def client_of(answer: Answer, seconds: float = 5) -> AsyncIterator[tuple[ModelEmbedder, Loopback]]:
    """An embedder of the model that is indexed, and the server that it talks to."""
    async with serving(answer) as loopback:
        client = EmbeddingClient(loopback.url, SecretStr("key-1"), seconds)
        try:
            yield client.embedder(INDEXED), loopback
        finally:
            await client.close()


def embed(path: str, body: bytes) -> bytes:
    """Answer as embedding-server does."""
    if path == "/health":
        return http(200, '{"status": "ok", "service": "embedding-server", "version": "1", "checks": {}}')
    if path == "/v1/models":
        return http(200, json.dumps({"object": "list", "data": [entry(INDEXED)]}))
    texts = json.loads(body)["texts"]
    return vectors([vector_of(text) for text in texts])


def vectors(embeddings: Sequence[Sequence[float]], by: str = INDEXED.fingerprint) -> bytes:
    """An answer of these vectors, made by the model with this fingerprint."""
    count = len(embeddings)
    answer = {"embeddings": embeddings, "dimension": DIMENSION, "model": MODEL}
    marks = {"tokens": [1] * count, "truncated": [False] * count}
    return http(200, json.dumps(answer | marks), f"{FINGERPRINT_HEADER}: {by}")


def refusal(message: str) -> str:
    """An error as our services send it."""
    return json.dumps({"error": {"message": message, "type": "t", "param": None, "code": "c"}})


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 150))
async def test_every_text_gets_its_vector(count: int) -> None:
    """However many texts there are, their vectors come in their order, at most 64 to a request."""
    texts = [f"text {number}" for number in range(count)]
    async with client_of(embed) as (client, loopback):
        assert await client.embed(texts) == [vector_of(text) for text in texts]
    sent = [json.loads(body) for body in loopback.bodies]
    assert [text for request in sent for text in request["texts"]] == texts
    assert all(len(request["texts"]) <= 64 and request["input_type"] == "query" for request in sent)
    assert all(f"{FINGERPRINT_HEADER}: {INDEXED.fingerprint}" in head for head in loopback.heads)


async def test_what_is_indexed_is_embedded_as_documents() -> None:
    """A model may read a question in another way than what it is searched in."""
    async with client_of(embed) as (client, loopback):
        await client.embed(["a"], background=True)
    assert json.loads(loopback.bodies[0])["input_type"] == "document"


async def test_key_and_request_id_go_along() -> None:
    """The bearer key and the id of the request being answered are sent."""
    token = request_id.set("id-7")
    async with client_of(embed) as (client, loopback):
        await client.embed(["a"])
    request_id.reset(token)
    assert "authorization: bearer key-1" in loopback.heads[0]
    assert "x-request-id: id-7" in loopback.heads[0]


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (http(400, refusal("text 3 is bad")), InvalidInput, "text 3 is bad"),
        (http(413, refusal("too much")), InvalidInput, "too much"),
        (http(401, refusal("wrong key")), UpstreamFailed, "answered 401: wrong key"),
        (http(404, refusal("no such model")), UpstreamFailed, "answered 404: no such model"),
        (http(500, "<html>"), UpstreamFailed, "answered 500: Because"),
        (http(429, refusal("full")), Overloaded, "is busy: full"),
        (http(503, refusal("loading")), Unavailable, "is not ready: loading"),
        (http(200, "<html>", NAMED), UpstreamFailed, "wrong format"),
        (http(200, '{"embeddings": []}', NAMED), UpstreamFailed, "wrong format"),
        (vectors([]), UpstreamFailed, "0 vectors for 1 texts"),
        (vectors([[0.0] * DIMENSION] * 2), UpstreamFailed, "2 vectors for 1 texts"),
        (vectors([[0.0] * 3]), UpstreamFailed, "not 8 finite numbers"),
        (vectors([[float("nan")] * DIMENSION]), UpstreamFailed, "not 8 finite numbers"),
        (
            vectors([vector_of("a")], by="another"),
            ModelChanged,
            "serves another model now, and the index was",
        ),
        (http(200, "{}"), ModelChanged, "serves another model now"),
        (http(409, refusal("changed")), ModelChanged, "serves another model now"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{", UpstreamFailed, "embedding-server broke"),
        (b"not http\r\n\r\n", UpstreamFailed, "embedding-server broke"),
    ],
)
async def test_failures_are_said_as_they_are(answer: bytes, error: type[ServiceError], message: str) -> None:
    """Whatever comes instead of the right vectors becomes an error that says what it was."""
    async with client_of(lambda path, body: answer) as (client, _):
        with pytest.raises(error, match=message) as caught:
            await client.embed(["a"])
    assert type(caught.value) is error


@pytest.mark.parametrize("status", [429, 503])
async def test_the_wait_that_is_asked_for_is_passed_on(status: int) -> None:
    """Retry-After comes along with the error."""
    async with client_of(lambda path, body: http(status, header="retry-after: 7")) as (client, _):
        with pytest.raises((Overloaded, Unavailable)) as caught:
            await client.embed(["a"])
    assert caught.value.retry_after == 7


async def test_a_search_waits_less_than_indexing() -> None:
    """A search gives up on a slow server, a background call waits longer."""
    async with client_of(lambda path, body: HANG, seconds=0.05) as (client, _):
        with pytest.raises(UpstreamTimeout, match="did not answer in time"):
            await client.embed(["a"])
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await client.embed(["a"], background=True)


async def test_searches_do_not_all_wait_for_a_server_that_hangs() -> None:
    """After one search got no answer in time, the next ones are not sent until the server has rested."""
    clock, answers = HandClock(), [HANG]
    async with serving(lambda path, body: answers.pop() if answers else embed(path, body)) as loopback:
        client = EmbeddingClient(loopback.url, None, 0.05, clock).embedder(INDEXED)
        with pytest.raises(UpstreamTimeout, match=r"did not answer in time\.$"):
            await client.embed(["a"])
        with pytest.raises(UpstreamTimeout, match="it is asked again in 5 s"):
            await client.embed(["b"])
        clock.now += 5
        assert await client.embed(["c"]) == [vector_of("c")]
        await client.close()
    assert len(loopback.bodies) == 2


async def test_an_answer_to_indexing_ends_the_rest() -> None:
    """Where the server answers a background call, the next search asks it again at once."""
    answers = [HANG]
    async with serving(lambda path, body: answers.pop() if answers else embed(path, body)) as loopback:
        client = EmbeddingClient(loopback.url, None, 0.05, HandClock()).embedder(INDEXED)
        with pytest.raises(UpstreamTimeout):
            await client.embed(["a"])
        await client.embed(["b"], background=True)
        assert await client.embed(["c"]) == [vector_of("c")]
        await client.close()


async def test_no_server_at_all() -> None:
    """A server that is not there is named with its address."""
    url = await unused_url()
    client = EmbeddingClient(url, None)
    known, unknown = client.embedder(INDEXED), client.embedder(EmbeddingModel(MODEL, DIMENSION))
    for ask in (partial(known.embed, ["a"]), partial(unknown.embed, ["a"]), known.ping, client.served):
        with pytest.raises(Unavailable, match=f"embedding-server does not answer at {url}."):
            await ask()
    await client.close()


async def test_ping_names_the_model() -> None:
    """A healthy server's model is told."""
    async with client_of(embed) as (client, _):
        assert await client.ping() == MODEL


@pytest.mark.parametrize(
    ("health", "error", "message"),
    [
        (http(503, refusal("loading")), Unavailable, "is not ready: loading"),
        (http(200, DEGRADED), UpstreamFailed, "embedding-server is degraded: slow CPU"),
        (http(200, "[]"), UpstreamFailed, "wrong format"),
    ],
)
async def test_ping_of_an_unwell_server(health: bytes, error: type[ServiceError], message: str) -> None:
    """A server that is starting, degraded or no server of ours is not well."""

    def answer(path: str, body: bytes) -> bytes:
        return health if path == "/health" else embed(path, body)

    async with client_of(answer) as (client, _):
        with pytest.raises(error, match=message):
            await client.ping()
