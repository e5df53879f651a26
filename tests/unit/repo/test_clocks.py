"""Which clock is read where: the one on the wall may jump, and what waits by it would wait for hours."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
WALL_CLOCKS = {
    "time.time",
    "time.time_ns",
    "time.localtime",
    "time.gmtime",
    "datetime.now",
    "datetime.utcnow",
}
STAMPS = {
    "services/rag-server/src/code_rag/rag_server/progress.py": "when a run began and ended, for people",
    "services/rag-server/src/code_rag/rag_server/keeping.py": "when an answer was written, for people",
    "services/rag-server/src/code_rag/rag_server/cli/last_conversation.py": "when it was, for people",
    "services/rag-server/src/code_rag/rag_server/cli/archive.py": "when a backup was made, for people",
    "services/rag-server/src/code_rag/rag_server/codebase/signatures.py": "compared with files' time stamps",
    "packages/servicekit/src/code_rag/servicekit/outside/retrying.py": "a date in a header, bounded",
    "services/embedding-server/src/code_rag/embedding_server/development/engine_client.py": "a unique name",
    "packages/servicekit/src/code_rag/servicekit/wire/chat.py": "OpenAI's `created`",
}
"""Where the clock on the wall is read, and what for: never for how long something takes or waits."""


def read_by(source: str) -> set[str]:
    """The clocks on the wall that a module reads, called or passed on."""
    nodes = list(ast.walk(ast.parse(source)))
    by_name = {"time" for node in nodes if isinstance(node, ast.ImportFrom) and node.module == "time"}
    return {ast.unparse(node) for node in nodes if isinstance(node, ast.Attribute)} & WALL_CLOCKS | by_name


def test_nothing_waits_by_the_clock_on_the_wall() -> None:
    """Limits, retries, watchers and caches use clocks that never go back; the other one only stamps."""
    files = {*ROOT.glob("packages/*/src/**/*.py"), *ROOT.glob("services/*/src/**/*.py")}
    found = {str(file.relative_to(ROOT)) for file in files if read_by(file.read_text())}

    assert len(files) > 200
    assert found == STAMPS.keys()


@pytest.mark.parametrize(
    "source",
    ["started = time.time()", "clock = time.time", "from time import sleep, time", "datetime.now(UTC)"],
)
def test_every_way_to_read_it_is_found(source: str) -> None:
    """A call, a function that is passed on, an import by name."""
    assert read_by(source)
