"""What embedding-server answers over HTTP."""

import base64
import json
import struct
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient
from starlette.testclient import TestClient
from starlette.types import Message

from code_rag.embedding_server.app import create_app
from code_rag.embedding_server.settings import Settings
from tests.fixtures.waiting import wait_for
from tests.unit.embedding_server.conftest import serving, until
from tests.unit.embedding_server.fake_engine import POISON, FakeEngine, vector_of

MODEL = "sentence-transformers/all-MiniLM-L6-v2"


def vector_for(text: str) -> list[float]:
    return [float(number) for number in vector_of(list(text.encode()))]


def test_one_text(client: TestClient) -> None:
    """`text` gives its vector, to eight decimals, with the dimension, the model and what was read."""
    body = client.post("/embed", json={"text": "hello"}).json()
    np.testing.assert_allclose(body.pop("embedding"), vector_for("hello"), atol=5e-9)
    assert body == {"dimension": 8, "model": MODEL, "tokens": 5, "truncated": False}


def test_several_texts(client: TestClient) -> None:
    """`texts` gives the same in lists, in the order sent."""
    texts = ["b" * 300, "a", "cc"]
    body = client.post("/embed", json={"texts": texts, "model": "all-MiniLM-L6-v2"}).json()
    expected = [vector_for(text[:256]) for text in texts]
    np.testing.assert_allclose(body.pop("embeddings"), expected, atol=5e-9)
    assert body == {
        "dimension": 8,
        "model": MODEL,
        "tokens": [256, 1, 2],
        "truncated": [True, False, False],
    }


def test_openai_floats(client: TestClient) -> None:
    """OpenAI's shape: one object per input with its index, the real token count, and what was cut."""
    body = client.post("/v1/embeddings", json={"input": ["one", "b" * 300], "model": MODEL}).json()
    first, second = body["data"]
    assert (first["object"], first["index"], second["index"]) == ("embedding", 0, 1)
    np.testing.assert_allclose(first["embedding"], vector_for("one"), atol=5e-9)
    assert body["usage"] == {"prompt_tokens": 259, "total_tokens": 259}
    assert (body["object"], body["model"], body["truncated"]) == ("list", MODEL, [1])
    assert body["tokens"] == [3, 256]


def test_openai_base64(client: TestClient) -> None:
    """A single string in base64 is little-endian float32, bit for bit."""
    body = client.post("/v1/embeddings", json={"input": "one", "encoding_format": "base64"}).json()
    raw = base64.b64decode(body["data"][0]["embedding"])
    assert list(struct.unpack("<8f", raw)) == vector_for("one")


@pytest.mark.parametrize("ids", [[97, 98, 99], [[97, 98, 99]], [97.0, 98, 99]])
def test_openai_token_ids(client: TestClient, ids: object) -> None:
    """Ids of the model's own tokenizer are the text that has them, as one input or as a list."""
    by_ids = client.post("/v1/embeddings", json={"input": ids}).json()
    assert by_ids == client.post("/v1/embeddings", json={"input": "abc"}).json()


def test_tokenize(client: TestClient) -> None:
    """Counts are of whole texts; `ids` are those that are read."""
    one = client.post("/tokenize", json={"text": "abc"}).json()
    assert one == {"count": 3, "truncated": False, "ids": [97, 98, 99], "estimated": False}
    many = client.post("/tokenize", json={"texts": ["abc", "x" * 300, ""]}).json()
    assert many == {"counts": [3, 300, 0], "truncated": [False, True, False], "estimated": False}


def test_the_model_is_listed(client: TestClient) -> None:
    """`/v1/models` has the one model."""
    assert [model["id"] for model in client.get("/v1/models").json()["data"]] == [MODEL]


BAD = [
    ("/embed", {}, "send either 'text' or 'texts'"),
    ("/embed", {"text": "a", "texts": ["b"]}, "send either 'text' or 'texts'"),
    ("/embed", {"text": ""}, "index 0 is empty"),
    ("/embed", {"texts": ["a", " \n\t\u00a0"]}, "index 1 is empty"),
    ("/embed", {"texts": []}, "texts: List should have at least 1 item"),
    ("/embed", {"texts": ["x"] * 2049}, "at most 2048 items"),
    ("/embed", {"text": 5}, "text: Input should be a valid string"),
    ("/v1/embeddings", {"input": [97, 300]}, "index 0: 300 is no token id of this model: send text"),
    ("/v1/embeddings", {"input": [[97], [300]]}, "index 1: 300 is no token id"),
    ("/v1/embeddings", {"input": [[]]}, "input.0: send between 1 and 32,768 token ids"),
    ("/v1/embeddings", {"input": [-1]}, "input.0: a token id is a whole number from 0 on"),
    ("/v1/embeddings", {"input": [1.5]}, "input.0: a token id is a whole number from 0 on"),
    ("/v1/embeddings", {"input": [10**30]}, "is no token id of this model"),
    ("/v1/embeddings", {"input": [1, True]}, "input.0: a token id is a whole number from 0 on"),
    ("/v1/embeddings", {"input": [[97], "a"]}, "either strings or lists of token ids, not both"),
    ("/v1/embeddings", {"input": ["a", True]}, "input.1: send a string, or a list of token ids"),
    ("/v1/embeddings", {"input": []}, "input: List should have at least 1 item"),
    ("/v1/embeddings", {"input": ["a", ""]}, "index 1 is empty"),
    ("/v1/embeddings", {"input": "a", "encoding_format": "hex"}, "encoding_format"),
    ("/v1/embeddings", {"input": "a", "dimensions": 7}, "has 8 dimensions only"),
    ("/v1/embeddings", {}, "input: Field required"),
    ("/tokenize", {}, "send either 'text' or 'texts'"),
]


@pytest.mark.parametrize(
    ("path", "body", "says"), BAD, ids=[f"{path} {str(body)[:40]}" for path, body, _ in BAD]
)
def test_bad_requests(client: TestClient, path: str, body: dict[str, Any], says: str) -> None:
    """Each bad request is a 400 with a sentence that names what is wrong."""
    response = client.post(path, json=body)
    assert response.status_code == 400
    assert says in response.json()["error"]["message"]


@pytest.mark.parametrize("path", ["/embed", "/tokenize"])
def test_half_a_character(client: TestClient, path: str) -> None:
    """A lone surrogate, which JSON can spell and no tokenizer read, is a 400."""
    response = client.post(
        path, content=b'{"texts": ["a", "\\ud800"]}', headers={"content-type": "application/json"}
    )
    assert response.status_code == 400
    assert "index 1 holds half a character" in response.json()["error"]["message"]


@pytest.mark.parametrize(
    ("path", "body"),
    [("/embed", {"text": "a"}), ("/v1/embeddings", {"input": "a"}), ("/tokenize", {"text": "a"})],
)
def test_another_model_is_not_found(client: TestClient, path: str, body: dict[str, Any]) -> None:
    """A model that is not served is a 404 with OpenAI's code."""
    response = client.post(path, json=body | {"model": "other"})
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "model_not_found"


def test_a_text_that_breaks_the_engine_is_named(client: TestClient) -> None:
    """A text that the engine fails on is a 400 with its index and no details; other requests are served."""
    response = client.post("/embed", json={"texts": ["fine", POISON]})
    assert response.status_code == 400
    assert "The text at index 1 cannot be embedded" in response.json()["error"]["message"]
    assert "this batch cannot be embedded" not in response.text
    assert client.post("/embed", json={"text": "fine"}).status_code == 200
    assert client.get("/health").status_code == 200


def test_a_full_queue_says_when_to_come_back(fake: FakeEngine) -> None:
    """Beyond `MAX_QUEUED_SECONDS` the answer is a 429 with Retry-After, while health stays well."""
    with serving(fake, max_queued_seconds=0.2) as client, ThreadPoolExecutor(1) as pool:
        fake.gate.clear()
        waiting = pool.submit(client.post, "/embed", json={"texts": [f"{n:0250}" for n in range(3)]})
        wait_for(fake.started.is_set, "the first inference")
        refused = client.post("/embed", json={"texts": [f"{n:0249}" for n in range(3)]})
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) >= 1
        assert client.get("/health").json()["status"] == "ok"
        assert "embedding_queued_tokens 750.0" in client.get("/metrics").text
        fake.gate.set()
        assert waiting.result(30).status_code == 200


async def test_a_caller_who_leaves_frees_the_queue(fake: FakeEngine) -> None:
    """When the connection closes in the middle of the work, what waited for it is dropped."""
    fake.gate.clear()
    app = create_app(Settings(), load=lambda _: fake)
    async with app.router.lifespan_context(app):
        await until(lambda: app.state.health.state == "ready", "the service to be ready")
        answered = await post_and_leave(app, {"texts": ["x" * 250] * 30}, fake.started.is_set)
        assert answered[0]["status"] == 499
        async with AsyncClient(transport=ASGITransport(app), base_url="http://localhost") as client:
            assert "embedding_queued_tokens 0.0" in (await client.get("/metrics")).text
        fake.gate.set()


async def post_and_leave(app: FastAPI, body: dict[str, Any], when: Callable[[], bool]) -> list[Message]:
    """What is answered to a caller who posts to `/embed` and disconnects as soon as `when` holds."""
    scope = {
        "type": "http", "method": "POST", "path": "/embed", "raw_path": b"/embed", "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"content-type", b"application/json")],
        "http_version": "1.1", "scheme": "http", "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80), "root_path": "",
    }  # fmt: skip
    incoming: list[Message] = [
        {"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}
    ]
    answered: list[Message] = []

    async def receive() -> Message:
        if incoming:
            return incoming.pop()
        await until(when, "the caller's moment to leave")
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        answered.append(message)

    await app(scope, receive, send)
    return answered
