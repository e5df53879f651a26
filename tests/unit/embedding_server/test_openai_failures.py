"""What the engine that asks another server does and says when that fails."""

import pytest
from starlette.testclient import TestClient

from code_rag.embedding_server.app import create_app
from code_rag.embedding_server.loading import load_engine
from code_rag.embedding_server.model_files import ModelUnavailable
from code_rag.embedding_server.settings import Settings
from tests.fixtures.scripted_upstream import Reply, ScriptedUpstream, failure
from tests.fixtures.waiting import wait_for
from tests.unit.embedding_server.embeddings_upstream import (
    KEY,
    MODEL,
    Start,
    embeddings,
    listing,
    settings_for,
)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_passing_failure_is_tried_again(start: Start, upstream: ScriptedUpstream, status: int) -> None:
    """Busy and failing servers are asked again, as soon as they say."""
    client = start()
    upstream.replies = [failure(status, {"retry-after": "0"}, message="wait"), embeddings(1)]
    assert client.post("/embed", json={"text": "x"}).status_code == 200
    assert len(upstream.seen) == 2


def test_retries_end(start: Start, upstream: ScriptedUpstream) -> None:
    """After three more tries the failure is the caller's to know, with the server's words."""
    client = start()
    upstream.replies = [failure(503, {"retry-after": "0"}, message="the model is loading")]
    response = client.post("/embed", json={"text": "x"})
    assert (response.status_code, len(upstream.seen)) == (502, 4)
    assert "the model is loading" in response.json()["error"]["message"]


def test_a_long_wait_is_passed_on(start: Start, upstream: ScriptedUpstream) -> None:
    """A server that asks to wait for a minute is not asked again; the caller learns how long."""
    client = start()
    upstream.replies = [failure(429, {"retry-after": "60"}, message="quota")]
    response = client.post("/embed", json={"text": "x"})
    assert (response.status_code, response.headers["retry-after"]) == (429, "60")
    assert len(upstream.seen) == 1


def test_a_failure_shows_in_health_until_it_is_over(start: Start, upstream: ScriptedUpstream) -> None:
    """`/health` is degraded while the server fails, and well again when it answers."""
    client = start()
    upstream.replies = [failure(500, {"retry-after": "0"}, message="broken")]
    upstream.models = failure(500, message="still broken")
    client.post("/embed", json={"text": "x"})
    wait_for(lambda: client.get("/health").json()["status"] == "degraded", "health to show it")
    assert "still broken" in client.get("/health").text
    upstream.models = listing(id=MODEL)
    wait_for(lambda: client.get("/health").json()["status"] == "ok", "health to recover")


BROKEN = [
    (Reply([b"<html>"]), "sent not JSON: check EMBEDDING_BASE_URL"),
    (Reply([b'{"object": "list"}']), "sent not OpenAI's list of embeddings"),
    (embeddings(2), "sent not 1 vectors of one length"),
    (embeddings(1, embedding=[0, 0, 0]), "a vector without length"),
    (embeddings(1, embedding=[None, 1, 2]), "a vector without length"),
    (embeddings(1, embedding=[1, 2]), "answers with 2 dimensions now, not 3"),
    (Reply(status=302, headers={"location": "http://elsewhere/"}), "redirects (HTTP 302)"),
    (failure(401, message=f"bad key {KEY}"), "refuses the key: check EMBEDDING_API_KEY (HTTP 401)"),
    (failure(404, message="no such model"), "no such model If it has the model house-embeddings, check"),
    (failure(418, message=f"a teapot with {KEY}"), "(HTTP 418): a teapot with [key]"),
]


@pytest.mark.parametrize(("reply", "says"), BROKEN, ids=[says[:30] for _, says in BROKEN])
def test_what_is_wrong_is_said(start: Start, upstream: ScriptedUpstream, reply: Reply, says: str) -> None:
    """Each answer that holds no vectors is a 502 in a sentence that says what to do, never with the key."""
    client = start()
    upstream.replies = [reply]
    response = client.post("/embed", json={"text": "x"})
    assert response.status_code == 502
    assert says in response.json()["error"]["message"]
    assert KEY not in response.text


def test_what_the_server_rejects_is_the_callers(start: Start, upstream: ScriptedUpstream) -> None:
    """A text that the server refuses is a 400 with its words."""
    client = start()
    upstream.replies = [failure(400, message="no emoji please")]
    response = client.post("/embed", json={"text": "x"})
    assert response.status_code == 400
    assert "no emoji please" in response.json()["error"]["message"]


def test_token_ids_are_refused(start: Start) -> None:
    """Ids mean nothing without the tokenizer, which is at the other server."""
    response = start().post("/v1/embeddings", json={"input": [1, 2, 3]})
    assert response.status_code == 400
    assert "Another server tokenizes for this model: send text" in response.text


@pytest.mark.parametrize(
    ("reply", "key", "says"),
    [
        (failure(401, message="no"), KEY, "refuses the key: check EMBEDDING_API_KEY"),
        (failure(401, message="no"), None, "wants a key: set EMBEDDING_API_KEY"),
        (failure(404, message="nothing here"), KEY, "check EMBEDDING_BASE_URL, which usually ends in /v1"),
    ],
)
def test_it_does_not_start_with_what_cannot_work(
    upstream: ScriptedUpstream, reply: Reply, key: str | None, says: str
) -> None:
    """A wrong key, model or address is said before anything is served."""
    upstream.replies = [reply]
    with pytest.raises(ModelUnavailable, match=says):
        load_engine(settings_for(upstream, embedding_api_key=key))


def test_a_server_that_is_away_is_waited_for(upstream: ScriptedUpstream) -> None:
    """While nothing answers, `/health` says so; the service is ready once the server is."""
    upstream.replies = [failure(503, {"retry-after": "0"}, message="loading")]
    app = create_app(settings_for(upstream), retry_seconds=0.01)
    with TestClient(app, base_url="http://localhost") as client:
        wait_for(lambda: "loading" in client.get("/health").text, "health to say why")
        upstream.replies = [embeddings(1)]
        wait_for(lambda: client.get("/health").status_code == 200, "the service to be ready")


def test_nobody_there() -> None:
    """An address where nothing listens is named without credentials."""
    settings = Settings(
        embedding_engine="openai", embedding_base_url="http://user:pass@127.0.0.1:9/v1", embedding_model="m"
    )
    with pytest.raises(ModelUnavailable, match=r"at 127\.0\.0\.1:9 cannot be reached"):
        load_engine(settings)
