"""A file to cut into chunks, and what must hold of the chunks of any file."""

from code_rag.rag_server.chunking import Chunking
from code_rag.rag_server.chunking.packing import count_tokens
from code_rag.rag_server.model import Chunk, SourceFile


def a_file(text: str, language: str = "python") -> SourceFile:
    """A source file with that text."""
    return SourceFile("src/orders/service.py", text, language, "digest")


def lines_of(text: str) -> list[str]:
    """The lines as an editor counts them."""
    return [line.removesuffix("\r") for line in text.split("\n")]


def assert_covers(chunking: Chunking, text: str) -> None:
    """The chunks are runs of whole lines, in order, apart, and leave nothing but blank lines out."""
    lines = lines_of(text)
    end = 0
    for chunk in chunking.chunks:
        assert end < chunk.start_line <= chunk.end_line
        assert not "".join(lines[end : chunk.start_line - 1]).strip()
        assert chunk.text == "\n".join(lines[chunk.start_line - 1 : chunk.end_line])
        assert chunk.text.strip()
        end = chunk.end_line
    assert not "".join(lines[end:]).strip()


def tokens(chunk: Chunk) -> int:
    """The size of a chunk as the packer counts it."""
    return sum(map(count_tokens, chunk.text.split("\n")))
