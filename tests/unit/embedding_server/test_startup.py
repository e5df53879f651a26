"""From starting to ready, or to a reason why not."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from code_rag.embedding_server.app import create_app
from code_rag.embedding_server.engines.base import Engine, Tokens, Vectors
from code_rag.embedding_server.engines.onnx import OnnxEngine
from code_rag.embedding_server.golden import SelfTestFailed, check_engine, load_golden
from code_rag.embedding_server.loading import EngineMissing, load_engine
from code_rag.embedding_server.model_files import ModelUnavailable
from code_rag.embedding_server.opening import Load
from code_rag.embedding_server.pinned_model import MINILM
from code_rag.embedding_server.settings import Settings
from tests.fixtures.waiting import wait_for
from tests.unit.embedding_server.conftest import ROOT
from tests.unit.embedding_server.fake_engine import FakeEngine


@contextmanager
def starting(load: Load) -> Iterator[TestClient]:
    """A client of a service that loads its engine with `load` and tries again at once."""
    with TestClient(create_app(Settings(), load, retry_seconds=0.01), base_url="http://localhost") as client:
        yield client


def status(client: TestClient) -> str:
    return str(client.get("/health").json()["status"])


def test_it_listens_before_the_engine_is_loaded() -> None:
    """While the engine loads, `/health` and `/embed` answer 503 and `/livez` 200; then all is well."""
    loading = threading.Event()

    def load(_: Settings) -> Engine:
        assert loading.wait(30)
        return FakeEngine()

    with starting(load) as client:
        health = client.get("/health")
        assert (health.status_code, health.json()["status"]) == (503, "starting")
        refused = client.post("/embed", json={"text": "x"})
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "starting")
        assert client.get("/livez").status_code == 200
        assert client.get("/v1/models").status_code == 200
        loading.set()
        wait_for(lambda: status(client) == "ok", "the service to be ready")
        assert client.post("/embed", json={"text": "x"}).status_code == 200


@pytest.mark.parametrize(
    "error", [SelfTestFailed("cosine 0.5"), EngineMissing("install it"), RuntimeError("a bug")]
)
def test_an_engine_that_cannot_be_loaded_gets_no_traffic(error: Exception) -> None:
    """The service stays up, unready, with the reason in `/health`."""

    def load(_: Settings) -> Engine:
        raise error

    with starting(load) as client:
        wait_for(lambda: status(client) == "failing", "the failure to show")
        assert str(error) in client.get("/health").text
        assert client.post("/embed", json={"text": "x"}).status_code == 503


def test_a_model_that_comes_later_is_served() -> None:
    """While no source has the model the service says so, and it is ready soon after one has."""
    attempts, available = [], threading.Event()

    def load(_: Settings) -> Engine:
        attempts.append(1)
        if not available.is_set():
            raise ModelUnavailable("no source has it")
        return FakeEngine()

    with starting(load) as client:
        wait_for(lambda: len(attempts) > 1, "a second attempt")
        assert "no source has it" in client.get("/health").text
        available.set()
        wait_for(lambda: status(client) == "ok", "the service to be ready")


def test_the_default_engine_passes_its_self_test() -> None:
    """The settings' defaults load the engine for this machine with the model from the cache."""
    engine = load_engine(Settings(model_cache_dir=ROOT / ".data/models", hf_hub_offline=True))
    assert (engine.model, engine.dimension, engine.max_tokens) == (
        "sentence-transformers/all-MiniLM-L6-v2",
        384,
        256,
    )


class Broken(OnnxEngine):
    """The real engine with its vectors changed by `factor` in one place."""

    def __init__(self, model: str, location: str, threads: int, factor: float) -> None:
        super().__init__(model, location, threads)
        self._factor = factor

    def forward(self, batch: Sequence[Tokens]) -> Vectors:
        vectors = super().forward(batch)
        vectors[:, 0] *= self._factor
        return vectors


@pytest.mark.parametrize("factor", [-1.0, float("nan")])
def test_wrong_vectors_fail_the_self_test(model_folder: Path, factor: float) -> None:
    """One wrong number in each vector, or one that is no number, is found and the text named."""
    with pytest.raises(SelfTestFailed, match=r"The vector of '.+' has cosine"):
        check_engine(Broken(MINILM.name, str(model_folder), 1, factor), load_golden())


def test_another_dimension_fails_the_self_test() -> None:
    """A model of another size is found out."""
    with pytest.raises(SelfTestFailed, match="8 dimensions, not 384"):
        check_engine(FakeEngine(), load_golden())


def test_a_missing_engine_is_named() -> None:
    """Without the extra, choosing sentence-transformers says what to install."""
    settings = Settings(
        embedding_engine="sentence-transformers", model_cache_dir=ROOT / ".data/models", hf_hub_offline=True
    )
    with pytest.raises(
        EngineMissing, match=r"missing, which 'code-rag-embedding-server\[sentence-transformers\]' installs"
    ):
        load_engine(settings)
