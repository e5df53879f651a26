"""Chunking: every line that is not blank in exactly one chunk, whatever the file says."""

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from code_rag.rag_server.chunking import chunk_file
from code_rag.rag_server.chunking.grammars import load_grammar
from code_rag.rag_server.chunking.packing import SMALL, TARGET
from code_rag.rag_server.chunking.syntax import MAX_NESTING
from code_rag.rag_server.model import SourceFile
from tests.unit.rag_server.chunked import a_file, assert_covers, tokens

LANGUAGES = [
    *("bash", "c", "cpp", "csharp", "dart", "elixir", "go", "java", "javascript", "kotlin", "php", "python"),
    *("ruby", "rust", "scala", "sql", "svelte", "swift", "terraform", "tsx", "typescript", "vue"),
    *("markdown", "yaml", "text"),
]
FRAGMENTS = [
    *("", " ", "\t", "\x0c", "\u2028", "\u0085", "\ufeff", "\r", "x\ry", "\x00", "😀 = 'größe'", "x" * 900),
    *(
        "def f(a):",
        "    return a",
        "class A:",
        "    def m(self):",
        "@decorator",
        "# comment",
        '"""',
        "'''",
        "# T",
    ),
    *("function f() {", "}", "const g = () => {", "/* open", "*/", "// note", "`", "<?php", "#include <a.h>"),
    *(
        "func (t *T) M() {",
        "impl A {",
        "fn f() {",
        "#[test]",
        "module M",
        "end",
        "def m",
        "f() {",
        "EOF",
        "cat <<EOF",
    ),
    *(
        "## Heading",
        "Title",
        "=====",
        "---",
        "```python",
        "```",
        "~~~~",
        "- item",
        "key:",
        "  nested: 1",
        "{",
        "[",
        "((((",
    ),
    *(
        "<script lang='ts'>",
        "</script>",
        "<template>",
        "<p v-if='a'>",
        "{#if a}",
        "defmodule A do",
        "@doc 'a'",
    ),
    *(
        'resource "a" "b" {',
        "CREATE TABLE a (",
        "AS $$",
        "fun A.f() {",
        "extension A {",
        "object A extends B:",
    ),
    *(
        "# 주문을 취소한다. 환불은 하루 안에",
        "// 注文を取り消す",
        "/* 取消订单 */",
        "def 취소(주문):",
        "カード = 1",
    ),
]
EAST_ASIAN = st.text(st.characters(min_codepoint=0x1100, max_codepoint=0xD7FB), max_size=30)
TEXTS = st.lists(
    st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=30), EAST_ASIAN), max_size=60
).flatmap(
    lambda lines: st.lists(
        st.sampled_from(["\n", "\r\n", "\r"]), min_size=len(lines), max_size=len(lines)
    ).map(lambda ends: "".join(line + end for line, end in zip(lines, ends, strict=True)))
)


@settings(max_examples=100)
@given(text=TEXTS, language=st.sampled_from(LANGUAGES))
def test_every_line_is_in_exactly_one_chunk(text: str, language: str) -> None:
    """Whatever the text and the language, the chunks cover it and stay within the size limit."""
    chunking = chunk_file(a_file(text, language))
    assert_covers(chunking, text)
    for chunk in chunking.chunks:
        assert tokens(chunk) <= TARGET + SMALL or chunk.start_line == chunk.end_line
        assert chunk.file_chunks == len(chunking.chunks)
    assert len({chunk.id for chunk in chunking.chunks}) == len(chunking.chunks)


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("final", ["", "\n", "\n\n\n"])
def test_line_numbers_are_those_of_an_editor(ending: str, final: str) -> None:
    """Line endings, a missing last one, form feeds and odd separators do not shift the numbers."""
    text = f"\ufeff# \u2028 😀\n\x0c\nx = 1\ty\n\n\nlast = '\u0085'{final}".replace("\n", ending)
    (chunk,) = chunk_file(a_file(text)).chunks
    assert (chunk.start_line, chunk.end_line) == (1, 6)


def test_the_same_file_gives_the_same_chunks() -> None:
    """Chunks and ids depend on nothing but path and content."""
    text = "def f():\n    pass\n" * 200
    assert chunk_file(a_file(text)) == chunk_file(a_file(text))


def test_an_id_changes_with_what_it_stands_for() -> None:
    """Another text, place or path gives another id, even for equal lines in one file."""
    text = "# " + "word " * 150 + "\n"
    chunks = chunk_file(a_file(text * 3, "text")).chunks
    other_path = SourceFile("b.txt", text, "text", "digest")
    ids = {chunk.id for chunk in (*chunks, *chunk_file(other_path).chunks)}
    assert len(ids) == 4


def test_a_file_of_nothing_has_no_chunks() -> None:
    """Blank text yields no chunk."""
    assert chunk_file(a_file(" \n\t\r\n")).chunks == ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_any_character_is_safe_for_the_parser(language: str) -> None:
    """Characters beyond ASCII, on which scanners written in C may crash, neither do harm nor move a line."""
    text = "\n".join(f"{opening}\U0010ffff{opening}×é" for opening in "{($[<'\"#/\\`-=%@") * 4
    assert_covers(chunk_file(a_file(text, language)), text)


def test_names_beyond_ascii_are_kept() -> None:
    """A symbol is spelled as in the source, whatever stands before it."""
    (chunk,) = chunk_file(a_file("# 😀 → ±\nclass Größe:\n    def 测量(self): pass\n")).chunks
    assert chunk.symbols == ("Größe", "Größe.测量")


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "[\n" * 100_000, "a<\n" * 100_000, "(" * 50_000 + ")" * 50_000]
)
def test_deep_nesting_is_cut_by_lines(text: str) -> None:
    """A hundred thousand open brackets are not given to a parser, and the chunking says so."""
    chunking = chunk_file(a_file(text, "java"))
    assert (chunking.method, chunking.fallback) == ("lines", "Brackets are nested too deep to parse.")
    assert_covers(chunking, text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nesting_within_the_limit_does_not_crash(language: str) -> None:
    """Brackets as deep as the parser is trusted with, closed or not, are cut like any other text."""
    for text in ("[" * MAX_NESTING, "{\n" * MAX_NESTING, "[\n" * MAX_NESTING + "]\n" * MAX_NESTING):
        assert_covers(chunk_file(a_file(text, language)), text)


def test_a_parse_that_takes_too_long_is_cut_by_lines() -> None:
    """Input on which a parser needs far more time than it should is given up, and the chunking says so."""
    chunking = chunk_file(a_file("(a) " * 20_000, "bash"))
    assert (chunking.method, chunking.fallback) == ("lines", "Parsing took too long.")
    assert {chunk.kind for chunk in chunking.chunks} == {"lines"}


def test_a_missing_grammar_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a grammar is not installed the file is cut by lines, and the chunking names the package."""
    load_grammar.cache_clear()
    monkeypatch.setitem(sys.modules, "tree_sitter_ruby", None)
    chunking = chunk_file(a_file("def f\nend\n", "ruby"))
    assert (chunking.method, chunking.fallback) == ("lines", "The grammar tree_sitter_ruby is not installed.")


def test_a_language_without_grammar_is_no_fallback() -> None:
    """Text of a language nobody parses is cut by lines as a matter of course."""
    chunking = chunk_file(a_file("a: 1\n", "yaml"))
    assert (chunking.method, chunking.fallback) == ("lines", "")
