"""What several of rag-server's tests start from."""

from collections.abc import Iterator

import pytest

from tests.unit.rag_server.coderag import Coderag
from tests.unit.rag_server.fake_rag_server import Script, running


@pytest.fixture
def coderag() -> Iterator[Coderag]:
    """The command, and the server that it asks."""
    script = Script()
    with running(script) as url:
        yield Coderag(script, url)
