"""Two rag-servers over real stores, and the command line between them, for tests of export and import."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
from pydantic import SecretStr
from typer.testing import CliRunner, Result

from code_rag.rag_server.adapters.qdrant_edge import open_edge_store
from code_rag.rag_server.adapters.qdrant_server import ServerStore
from code_rag.rag_server.app import create_app
from code_rag.rag_server.cli import app
from code_rag.rag_server.composition.use_cases import Outside
from code_rag.rag_server.ports import VectorStore
from code_rag.rag_server.settings import Settings
from tests.unit.rag_server.answer_fakes import FakeChat
from tests.unit.rag_server.fakes import DIMENSION, FakeEmbedder, local_qdrant
from tests.unit.rag_server.index_bench import function
from tests.unit.rag_server.serving import serving

KEY = "a-key-of-sixteen-bytes"


def shop(folder: Path, *names: str) -> Path:
    """A codebase with a file for each name."""
    folder.mkdir()
    for name in names:
        (folder / f"{name}.py").write_text(function(name, 60))
    return folder


@dataclass
class Side:
    """A rag-server, as its user has it."""

    url: str
    embedder: FakeEmbedder
    key: str = ""

    def coderag(self, *arguments: str) -> Result:
        """Run a command against it."""
        environment = {"RAG_SERVER_URL": self.url, "API_KEY": self.key, "NO_COLOR": "", "FORCE_COLOR": ""}
        return CliRunner().invoke(app, arguments, env=environment)

    def indexed(self) -> "Side":
        """The same, once everything is indexed."""
        done = self.coderag("index")
        assert done.exit_code == 0, done.stderr
        return self

    def embedded(self) -> list[str]:
        """The texts that were embedded."""
        return self.embedder.embedded

    def found(self, query: str, path: str) -> list[tuple[str, float]]:
        """The chunks of a file that a search finds: each one's text, and its cosine with the query."""
        asked = {"query": query, "path": path, "limit": 100}
        answer = httpx2.post(f"{self.url}/search", json=asked, timeout=10, trust_env=False)
        return [(hit["text"], hit["cosine"]) for hit in answer.raise_for_status().json()["hits"]]


@dataclass
class Sides:
    """Starts rag-servers, each with an index of its own."""

    folder: Path
    store: str = "edge"
    made: list[VectorStore] = field(default_factory=list)

    @contextmanager
    def side(self, codebase: Path, embedder: FakeEmbedder | None = None, key: str = "") -> Iterator[Side]:
        """A server of `codebase`, which indexes when it is asked to."""
        embedder = embedder or FakeEmbedder()
        settings = Settings(
            codebase_path=(codebase,),
            index_on_start=False,
            watch=False,
            api_key=SecretStr(key) if key else None,
        )
        made = create_app(settings, Outside(self._new_store(), embedder, FakeChat()))
        with serving(made) as url:
            yield Side(url, embedder, key)

    def _new_store(self) -> VectorStore:
        name = f"index-{len(self.made)}"
        self.made.append(
            open_edge_store(self.folder / name, DIMENSION)
            if self.store == "edge"
            else ServerStore(local_qdrant(), name, DIMENSION)
        )
        return self.made[-1]
