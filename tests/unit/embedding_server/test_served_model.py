"""What embedding-server says of the model that made a vector, and whom it refuses."""

import re
import threading
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from code_rag.embedding_server.app import create_app
from code_rag.embedding_server.engines.base import Engine, Prefixes
from code_rag.embedding_server.engines.onnx import OnnxEngine
from code_rag.embedding_server.loading import load_engine
from code_rag.embedding_server.pinned_model import MINILM
from code_rag.embedding_server.served_model import describe
from code_rag.embedding_server.settings import Settings
from code_rag.servicekit.wire.embeddings import FINGERPRINT_HEADER, EmbeddingModelList
from tests.unit.embedding_server.conftest import ROOT, serving
from tests.unit.embedding_server.fake_engine import FakeEngine, vector_of

POSTS: list[tuple[str, dict[str, Any]]] = [
    ("/embed", {"text": "a"}),
    ("/v1/embeddings", {"input": "a"}),
    ("/tokenize", {"text": "a"}),
]


def test_the_entry_says_what_decides_a_vector(client: TestClient) -> None:
    """`/v1/models` has dimension, limit, engine and a fingerprint of 16 hex digits."""
    (entry,) = EmbeddingModelList.model_validate_json(client.get("/v1/models").text).data
    assert (entry.id, entry.dimension, entry.max_tokens, entry.engine) == (MINILM.name, 8, 256, "fake")
    assert entry.fingerprint
    assert re.fullmatch("[0-9a-f]{16}", entry.fingerprint)


def test_before_it_is_loaded_the_entry_has_only_the_name() -> None:
    """While the engine loads, `/v1/models` names the model, and null where it cannot know yet."""
    loaded = threading.Event()

    def load(_: Settings) -> Engine:
        loaded.wait(30)
        return FakeEngine()

    with TestClient(create_app(Settings(), load), base_url="http://localhost") as client:
        (entry,) = client.get("/v1/models").json()["data"]
        loaded.set()
    assert entry["id"] == MINILM.name
    assert {entry[name] for name in ("dimension", "max_tokens", "fingerprint", "engine")} == {None}


@pytest.mark.parametrize(("path", "body"), POSTS)
def test_every_answer_names_its_model(client: TestClient, path: str, body: dict[str, Any]) -> None:
    """The header of an answer is the fingerprint of the list; a request that expects it is served."""
    fingerprint = client.get("/v1/models").json()["data"][0]["fingerprint"]
    response = client.post(path, json=body, headers={FINGERPRINT_HEADER: fingerprint})
    assert response.status_code == 200
    assert response.headers[FINGERPRINT_HEADER] == fingerprint


@pytest.mark.parametrize(("path", "body"), POSTS)
def test_another_fingerprint_is_refused(client: TestClient, path: str, body: dict[str, Any]) -> None:
    """A request that expects another model gets a 409 that names both and says what to do, once."""
    response = client.post(path, json=body, headers={FINGERPRINT_HEADER: "0123456789abcdef"})
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (409, "embedding_model_changed")
    assert response.headers["x-should-retry"] == "false"
    assert "not 0123456789abcdef" in error["message"]
    assert "embed all texts with this one" in error["message"]


def test_each_type_gets_its_prefix(fake: FakeEngine) -> None:
    """A query is read with the query's prefix, all else with the document's, which counts as tokens."""
    fake.prompts = Prefixes("q: ", "doc: ")
    with serving(fake) as client:
        for input_type, read in (("query", "q: x"), ("document", "doc: x"), (None, "doc: x")):
            body = client.post("/embed", json={"text": "x", "input_type": input_type}).json()
            np.testing.assert_allclose(body["embedding"], vector_of(list(read.encode())), atol=5e-9)
            assert body["tokens"] == len(read)
            listed = {"input": "x", "input_type": input_type}
            answer = client.post("/v1/embeddings", json=listed).json()
            assert answer["data"][0]["embedding"] == body["embedding"]
            counted = client.post("/tokenize", json={"text": "x", "input_type": input_type}).json()
            assert counted["count"] == len(read)


def test_the_fingerprint_follows_what_decides_vectors(fake: FakeEngine) -> None:
    """Weights, limit and prefixes each change it; the engine's batches do not."""
    base = describe(fake).fingerprint
    assert describe(replace(fake, batch_tokens=64)).fingerprint == base
    changed = [
        replace(fake, space="other weights"),
        replace(fake, max_tokens=128),
        replace(fake, prompts=Prefixes(query="x")),
        replace(fake, prompts=Prefixes(document="x")),
    ]
    assert len({base, *(describe(engine).fingerprint for engine in changed)}) == 5


def test_prefixes_of_the_settings_are_used() -> None:
    """A prefix in the environment is written before texts of its type."""
    settings = Settings(
        model_cache_dir=ROOT / ".data/models", hf_hub_offline=True, embedding_query_prefix="ask: "
    )
    assert load_engine(settings).prompts == Prefixes("ask: ")


def test_the_default_models_fingerprint(onnx_engine: OnnxEngine) -> None:
    """It stays the same over releases: an index made with it need not be made again."""
    assert describe(onnx_engine).fingerprint == "d2906d2c470b0804"
