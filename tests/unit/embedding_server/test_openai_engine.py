"""The engine that asks another server for its vectors: what it sends, reads and counts."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.embedding_server.engines.base import Engine, Outside
from code_rag.embedding_server.engines.openai import ASSUMED_MAX_TOKENS
from code_rag.embedding_server.engines.token_estimate import beginning, estimate
from code_rag.embedding_server.loading import load_engine
from code_rag.embedding_server.settings import Settings
from code_rag.servicekit.settings import SettingsError, read_settings
from tests.fixtures.scripted_upstream import Reply, ScriptedUpstream, failure
from tests.unit.embedding_server.embeddings_upstream import (
    KEY,
    MODEL,
    Start,
    embeddings,
    listing,
    settings_for,
)


def test_what_is_sent_and_read(start: Start, upstream: ScriptedUpstream) -> None:
    """Model, texts and key go out; vectors come back in the texts' order with length 1 and real counts."""
    client = start()
    upstream.replies = [embeddings(2, tokens=40)]
    body = client.post("/embed", json={"texts": ["a b c", "a b c d e f g h"]}).json()
    (seen,) = upstream.seen
    assert seen.body == {"model": MODEL, "input": ["a b c", "a b c d e f g h"]}
    assert (seen.path, seen.headers["authorization"]) == ("/v1/embeddings", f"Bearer {KEY}")
    np.testing.assert_allclose(body["embeddings"][0], [0.6, 0.8, 0], atol=1e-7)
    assert body["embeddings"][1][0] > 0.6
    assert (body["dimension"], body["model"]) == (3, MODEL)
    assert (sum(body["tokens"]), body["truncated"]) == (40, [False, False])
    assert body["tokens"][0] < body["tokens"][1]


def test_one_texts_count_is_the_servers(start: Start, upstream: ScriptedUpstream) -> None:
    """The usage of a request with one text is that text's, in both shapes."""
    client = start()
    upstream.replies = [embeddings(1, tokens=11)]
    assert client.post("/embed", json={"text": "one"}).json()["tokens"] == 11
    answer = client.post("/v1/embeddings", json={"input": "another"}).json()
    assert (answer["usage"], answer["tokens"]) == ({"prompt_tokens": 11, "total_tokens": 11}, [11])


def test_without_a_count_it_is_estimated(start: Start, upstream: ScriptedUpstream) -> None:
    """A server without usage leaves the estimate, and `/tokenize` says that its counts are estimates."""
    client = start()
    upstream.replies = [embeddings(1, tokens=None)]
    assert client.post("/embed", json={"text": "one two"}).json()["tokens"] == 4
    counted = client.post("/tokenize", json={"text": "one two"}).json()
    assert counted == {"count": 4, "truncated": False, "ids": None, "estimated": True}


def test_what_is_learnt(start: Start, upstream: ScriptedUpstream) -> None:
    """`/v1/models` has the dimension of a first vector and the limit that the server lists."""
    (entry,) = start().get("/v1/models").json()["data"]
    assert (entry["id"], entry["dimension"], entry["max_tokens"], entry["engine"]) == (MODEL, 3, 64, "openai")


@pytest.mark.parametrize("models", [listing(id="other", max_model_len=9), failure(404, message="no list")])
def test_an_unknown_limit_is_assumed(start: Start, upstream: ScriptedUpstream, models: Reply) -> None:
    """Where the server lists no limit, 512 tokens are read, and `/health` says that this is a guess."""
    upstream.models = models
    client = start()
    assert client.get("/v1/models").json()["data"][0]["max_tokens"] == ASSUMED_MAX_TOKENS
    detail = client.get("/health").json()["checks"]["embeddings server"]["detail"]
    assert "assumed because the server does not say: EMBEDDING_MAX_TOKENS" in detail


def test_the_limit_of_the_settings_counts(start: Start, upstream: ScriptedUpstream) -> None:
    """EMBEDDING_MAX_TOKENS goes before what is listed."""
    client = start(embedding_max_tokens=128)
    assert client.get("/v1/models").json()["data"][0]["max_tokens"] == 128


def test_prefixes_and_input_types(start: Start, upstream: ScriptedUpstream) -> None:
    """Queries and documents go out with their prefix and `input_type`, also where the text is one."""
    client = start(
        embedding_query_prefix="q: ",
        embedding_query_input_type="search_query",
        embedding_document_input_type="search_document",
    )
    for input_type in ("query", "document"):
        client.post("/embed", json={"text": "same", "input_type": input_type})
    assert [(seen.body["input"], seen.body["input_type"]) for seen in upstream.seen] == [
        (["q: same"], "search_query"),
        (["same"], "search_document"),
    ]


def test_many_texts_go_in_several_requests(upstream: ScriptedUpstream) -> None:
    """No request holds more than 32 texts, whatever an inference takes."""
    engine = load_engine(settings_for(upstream))
    upstream.seen.clear()
    upstream.replies = [embeddings(32), embeddings(8)]
    vectors = engine.forward([engine.tokenize(f"text {index}") for index in range(40)])
    close(engine)
    assert vectors.shape == (40, 3)
    assert [len(seen.body["input"]) for seen in upstream.seen] == [32, 8]


def test_a_text_over_the_limit_is_cut_and_says_so(start: Start, upstream: ScriptedUpstream) -> None:
    """What is beyond the limit is not sent, and the answer says so."""
    client = start()
    body = client.post("/embed", json={"text": "word " * 100}).json()
    assert body["truncated"] is True
    assert upstream.seen[0].body["input"][0].split() == ["word"] * 62


def test_what_the_server_finds_too_long(start: Start, upstream: ScriptedUpstream) -> None:
    """Where the server counts more tokens than estimated, the one text is shortened until it fits."""
    client = start()
    too_long = failure(400, message="This model's maximum context length is 64 tokens")
    upstream.replies = [too_long, embeddings(1), too_long, embeddings(1)]
    body = client.post("/embed", json={"texts": ["fits", "x" * 100]}).json()
    assert body["truncated"] == [False, True]
    assert [seen.body["input"] for seen in upstream.seen] == [
        ["fits", "x" * 100],
        ["fits"],
        ["x" * 100],
        ["x" * 75],
    ]


def fingerprint(upstream: ScriptedUpstream, **settings: Any) -> str:
    engine = load_engine(settings_for(upstream, **settings))
    close(engine)
    return engine.space


def close(engine: Engine) -> None:
    assert isinstance(engine, Outside)
    engine.close()


def test_the_space_follows_the_model(upstream: ScriptedUpstream) -> None:
    """Another name, dimension, input type or vector is another space; noise of one vector is none."""
    base = fingerprint(upstream)
    upstream.replies = [embeddings(1, embedding=[3.0001, 3.9999, 0.0])]
    assert fingerprint(upstream) == base
    others = [
        fingerprint(upstream, embedding_model="m"),
        fingerprint(upstream, embedding_query_input_type="q"),
    ]
    for vector in ([3, 4, 0, 1], [-3, -4, 0]):
        upstream.replies = [embeddings(1, embedding=vector)]
        others.append(fingerprint(upstream))
    assert len({base, *others}) == 5


def test_the_address_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without EMBEDDING_BASE_URL the start ends with what to set; a model's short name stays as it is."""
    monkeypatch.setenv("EMBEDDING_ENGINE", "openai")
    with pytest.raises(SettingsError, match="needs EMBEDDING_BASE_URL"):
        read_settings(Settings)
    monkeypatch.setenv("EMBEDDING_BASE_URL", "http://localhost:1/v1")
    monkeypatch.setenv("EMBEDDING_MODEL", "all-MiniLM-L6-v2")
    assert read_settings(Settings).embedding_model == "all-MiniLM-L6-v2"


@given(st.text(), st.integers(2, 50))
def test_a_beginning_fits(text: str, tokens: int) -> None:
    """What is kept of any text is its start and fits by the estimate; what fits is kept whole."""
    kept = beginning(text, tokens)
    assert text.startswith(kept)
    assert estimate(kept) <= max(tokens, 2)
    assert (kept == text) == (estimate(text) <= tokens)
