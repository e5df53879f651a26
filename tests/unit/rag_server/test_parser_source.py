"""Parsing file after file in one process, for as long as it runs."""

import gc
import tracemalloc

import pytest

from code_rag.rag_server.chunking.parser_source import ParserSource
from code_rag.rag_server.chunking.syntax import syntax_structure

PYTHON = "def f(order):\n    return order.total  # 주문\n\n\n" * 1000
BROKEN = 'fun f(a: Int = {\n  "$a ${\n' * 250 + "// a comment\n" * 2000
ELIXIR = "defmodule A do\n  def f(x), do: x\nend\n" * 1000


@pytest.mark.parametrize(("language", "text"), [("python", PYTHON), ("kotlin", BROKEN), ("elixir", ELIXIR)])
def test_parsing_keeps_no_memory(language: str, text: str) -> None:
    """Whatever a parser was given is freed, although py-tree-sitter itself never frees it."""
    lines = text.split("\n")
    syntax_structure(lines, language)
    tracemalloc.start()
    for _ in range(4):
        syntax_structure(lines, language)
    gc.collect()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < len(text)


def test_a_source_gives_views_to_a_parser_and_bytes_to_queries() -> None:
    """The views are empty after the parse: nothing but them is kept."""
    with ParserSource(b"abc") as source:
        view = source(1, None)
        assert bytes(view) == b"bc"
        assert source(1, None) is view
    assert source(1, None) == b"bc"
    assert isinstance(view, memoryview)
    with pytest.raises(ValueError, match="released"):
        bytes(view)
