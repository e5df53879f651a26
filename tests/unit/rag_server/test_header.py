"""A chunk's header: its name's words, what its comment says first, and its signature."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.rag_server.chunking import chunk_file
from code_rag.rag_server.chunking.header import MAX_NAMES, MAX_SENTENCE, MAX_SIGNATURE, header_text
from code_rag.rag_server.model import Chunk, SourceFile
from tests.unit.rag_server.fakes import make_chunk


def header_of(language: str, text: str) -> str:
    """The header of the only chunk of a file."""
    (chunk,) = chunk_file(SourceFile("some/where.x", text, language, "v1")).chunks
    return header_text(chunk)


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        (
            "python",
            'class Shop:\n    def cancelOrder(self) -> bool:\n        """Cancel. Twice."""\n',
            "shop cancel order\nCancel.\nclass Shop:",
        ),
        ("python", "# noqa: E501\n\n\nlimit = 3\n", "limit = 3"),
        ("go", "// Refund pays back.\nfunc Refund(\n\tid int,\n) {\n}\n",
         "refund\nRefund pays back.\nfunc Refund( id int, ) {"),
        ("javascript", "/**\n * Adds a line\n * to the cart.\n */\nfunction addLine(cart) {}\n",
         "add line\nAdds a line to the cart.\nfunction addLine(cart) {}"),
        ("bash", "#!/bin/sh\n# Copyright 2020 Someone\n\nset -e\n", "#!/bin/sh\nset -e"),
        ("c", "#include <stdio.h>\nint sum(int a) { return a; }\n", "sum\nint sum(int a) { return a; }"),
        ("html", "<!-- The order's page -->\n<main>\n</main>\n", "The order's page\n<main>"),
        ("markdown", "# How to refund\n\nAsk the shop. Then wait.\n",
         "how to refund\nHow to refund\nAsk the shop. Then wait."),
    ],
)  # fmt: skip
def test_header_of_a_definition(language: str, text: str, expected: str) -> None:
    """Words of the symbols, the first sentence of the comment and the signature, whatever the language."""
    assert header_of(language, text) == expected


def test_notices_describe_nothing() -> None:
    """A licence above the code is passed over for the comment that says what the code does."""
    text = "# Copyright 2020 Someone. All rights reserved.\n\n# Sends mail.\n\nport = 25\n"
    assert header_of("python", text) == "Sends mail.\nport = 25"


lines = st.text(st.sampled_from(list("ab(){}\"'#/*-<!>.;: \tü漢")), max_size=40)


@given(
    st.lists(lines, min_size=1, max_size=12), st.lists(st.text(max_size=20), max_size=3), st.text(max_size=8)
)
def test_any_text_has_a_short_header(texts: list[str], symbols: list[str], symbol: str) -> None:
    """Every chunk with text has a header, of limited length, that does not depend on its place."""
    chunk = replace(make_chunk("a/b.py", 0, "\n".join(texts)), symbol=symbol, symbols=tuple(symbols))
    header = header_text(chunk)
    assert bool(header.strip()) or not chunk.text.strip()
    assert len(header) <= MAX_NAMES + MAX_SENTENCE + MAX_SIGNATURE + 2
    moved: Chunk = replace(chunk, id="other", path="c.py", start_line=7, end_line=9, file_digest="v2")
    assert header_text(moved) == header
