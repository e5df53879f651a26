"""Chunking of code that nobody wrote for a test: packages that this environment has installed."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from code_rag.rag_server.chunking import chunk_file
from code_rag.rag_server.chunking.packing import SMALL, TARGET
from tests.unit.rag_server.chunked import a_file, assert_covers, tokens


def sources(package: str) -> list[Path]:
    """The package's Python files."""
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return sorted(Path(spec.origin).parent.rglob("*.py"))


@pytest.mark.parametrize("package", ["fastapi", "httpx2", "hypothesis"])
def test_every_line_of_a_package_is_in_exactly_one_chunk(package: str) -> None:
    """Each file is split by its syntax, completely, into chunks of the right size."""
    files = sources(package)
    assert len(files) > 10
    for file in files:
        text = file.read_text(encoding="utf-8")
        chunking = chunk_file(a_file(text, "python"))
        assert chunking.method == "syntax", file
        assert_covers(chunking, text)
        for chunk in chunking.chunks:
            assert tokens(chunk) <= TARGET + SMALL or chunk.start_line == chunk.end_line
