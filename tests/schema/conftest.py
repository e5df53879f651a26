"""The three services on loopback over a small codebase, open and behind a key."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from code_rag.embedding_server.app import create_app as create_embedding_server
from code_rag.embedding_server.settings import Settings as EmbeddingSettings
from code_rag.llm_server.app import create_app as create_llm_server
from code_rag.llm_server.settings import Settings as LlmSettings
from code_rag.rag_server.app import create_app as create_rag_server
from code_rag.rag_server.settings import Settings as RagSettings
from tests.fixtures.serving import serving
from tests.fixtures.targets import ROOT
from tests.fixtures.waiting import wait_for

SERVICES = ("embedding-server", "llm-server", "rag-server")
KEY = "a-key-for-schemathesis"
CODEBASE = ROOT / "test-codebase" / "warehouse"


@dataclass(frozen=True)
class Service:
    """One running service, and the header that lets in."""

    name: str
    url: str
    headers: dict[str, str]

    def client(self) -> httpx2.Client:
        """A client that is let in; an answer that takes longer than 60 s is an error."""
        return httpx2.Client(base_url=self.url, headers=self.headers, timeout=60, trust_env=False)


@contextmanager
def _services(folder: Path, key: str | None) -> Iterator[dict[str, Service]]:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    with ExitStack() as stack:
        models = ROOT / ".data/models"
        embedding = EmbeddingSettings(api_key=key, model_cache_dir=models, hf_hub_offline=True)
        urls = {
            "embedding-server": stack.enter_context(serving(create_embedding_server(embedding))),
            "llm-server": stack.enter_context(serving(create_llm_server(LlmSettings(api_key=key)))),
        }
        settings = RagSettings(
            api_key=key,
            codebase_path=(CODEBASE,),
            data_dir=folder / "index",
            embedding_server_url=urls["embedding-server"],
            llm_server_url=urls["llm-server"],
        )
        urls["rag-server"] = stack.enter_context(serving(create_rag_server(settings)))
        services = {name: Service(name, url, headers) for name, url in urls.items()}
        with services["rag-server"].client() as rag:
            wait_for(lambda: rag.get("/index").json()["finished_at"], "the index to be complete", seconds=90)
        yield services


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Service]]:
    """The services without a key, by name."""
    with _services(tmp_path_factory.mktemp("opened"), None) as services:
        yield services


@pytest.fixture(scope="session")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Service]]:
    """The services behind a key, by name."""
    with _services(tmp_path_factory.mktemp("locked"), KEY) as services:
        yield services


@pytest.fixture(params=["opened", "locked"])
def services(request: pytest.FixtureRequest) -> dict[str, Service]:
    """The services without a key, then behind one."""
    found: dict[str, Service] = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest, services: dict[str, Service]) -> Service:
    """Each of the services in turn."""
    return services[request.param]


@pytest.fixture(scope="session")
def times(pytestconfig: pytest.Config) -> int:
    """How many times the usual number of examples to try."""
    return int(pytestconfig.getoption("--times"))
