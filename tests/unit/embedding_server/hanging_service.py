"""`python -m tests.unit.embedding_server.hanging_service PORT`: a service whose engine never answers."""

import sys

from code_rag.embedding_server.app import create_app
from code_rag.embedding_server.settings import Settings
from code_rag.servicekit.logging import configure_logging
from code_rag.servicekit.main import run
from tests.unit.embedding_server.fake_engine import FakeEngine

if __name__ == "__main__":
    engine = FakeEngine()
    engine.gate.clear()
    configure_logging("embedding-server", "info", "production")
    run(create_app(Settings(port=int(sys.argv[1])), lambda _: engine, hanging_seconds=0.5))
