"""What several of rag-server's tests start from."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest

from tests.unit.rag_server.coderag import Coderag
from tests.unit.rag_server.fake_rag_server import Script, running
from tests.unit.rag_server.live_app import a_codebase, an_app, live


@pytest.fixture
def coderag() -> Iterator[Coderag]:
    """The command, and the server that it asks."""
    script = Script()
    with running(script) as url:
        yield Coderag(script, url)


@pytest.fixture
def codebase(tmp_path: Path) -> Path:
    """A small codebase."""
    return a_codebase(tmp_path / "code")


@pytest.fixture
async def client(codebase: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of rag-server over fakes that all work."""
    async with live(an_app(codebase)) as http:
        yield http
