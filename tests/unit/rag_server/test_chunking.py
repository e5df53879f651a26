"""Chunking: every line that is not blank in exactly one chunk, cut along the structure of the file."""

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag_server.chunking import Chunking, chunk_file
from rag_server.chunking.grammars import load_grammar
from rag_server.chunking.packing import SMALL, TARGET, count_tokens
from rag_server.chunking.syntax import MAX_NESTING
from rag_server.model import Chunk, SourceFile

LANGUAGES = [
    *(
        "bash",
        "c",
        "cpp",
        "csharp",
        "go",
        "java",
        "javascript",
        "php",
        "python",
        "ruby",
        "rust",
        "tsx",
        "typescript",
    ),
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
]
TEXTS = st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=30)), max_size=60).flatmap(
    lambda lines: st.lists(st.sampled_from(["\n", "\r\n"]), min_size=len(lines), max_size=len(lines)).map(
        lambda ends: "".join(line + end for line, end in zip(lines, ends, strict=True))
    )
)


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


def test_methods_of_a_long_class_are_chunks_of_their_own() -> None:
    """Each method large enough stands alone, under its qualified name, with comment and decorator."""
    method = (
        "    # Leads {0}.\n    @traced\n    def {0}(self):\n" + "        call(self.value, 1)\n" * 15 + "\n"
    )
    text = "class Order:\n    '''An order.'''\n\n" + method.format("cancel") + method.format("refund")
    chunks = chunk_file(a_file(text)).chunks
    assert [(chunk.symbol, chunk.kind) for chunk in chunks] == [
        ("Order", "class"),
        ("Order.refund", "method"),
    ]
    assert chunks[0].symbols == ("Order", "Order.cancel")
    assert chunks[1].text.startswith("    # Leads refund.\n    @traced\n")


def test_parts_of_a_long_function_carry_its_name() -> None:
    """A function too long for one chunk is cut between statements, into parts of like size."""
    text = (
        "def bill(order):\n"
        + "    total += order.price * order.quantity\n" * 60
        + "\n\ndef other():\n    pass\n"
    )
    *parts, last = chunk_file(a_file(text)).chunks
    assert len(parts) > 1
    assert {(part.symbol, part.kind) for part in parts} == {("bill", "function")}
    assert [part.symbols for part in parts] == [("bill",), *[()] * (len(parts) - 1)]
    assert min(map(tokens, parts)) > TARGET / 3
    assert last.symbols == ("other",)


def test_small_functions_share_a_chunk() -> None:
    """Definitions too small to stand alone are joined; the first one names the chunk."""
    (chunk,) = chunk_file(a_file("def a():\n    pass\n\n\ndef b():\n    pass\n")).chunks
    assert (chunk.symbol, chunk.symbols) == ("a", ("a", "b"))


def test_code_outside_definitions_belongs_to_the_module() -> None:
    """Imports and statements have no symbol."""
    (chunk,) = chunk_file(a_file("import os\n\nprint(os.name)\n")).chunks
    assert (chunk.symbol, chunk.kind) == ("", "module")


@pytest.mark.parametrize(
    ("language", "text", "symbols"),
    [
        ("python", "class A:\n async def m(self):\n  def inner(): pass\n", "A A.m A.m.inner"),
        ("javascript", "class A {\n m() {}\n}\nA.prototype.g = function () {};", "A A.m A.g"),
        ("javascript", "const f = () => 1;\nexport default { run: async () => 1 };", "f run"),
        ("typescript", "interface I {}\ntype T = 1;\nnamespace N {\n export class C {}\n}", "I T N N.C"),
        ("tsx", "export const App = () => <p>{1}</p>;\n", "App"),
        ("go", "type T struct{}\nfunc (t *T) M() {}\nfunc (t T) N() {}", "T T.M T.N"),
        ("go", "func (l *L[K]) P() {}\nfunc F() {}", "L.P F"),
        ("rust", "impl<T> Iterator for A<T> {\n fn next() {}\n}\nmod m {\n fn f() {}\n}", "A A.next m m.f"),
        ("java", "class A {\n A() {}\n int m() { return 1; }\n enum E { X }\n}", "A A.A A.m A.E"),
        ("c", "struct s { int x; };\nstatic char *f(void) { return 0; }\n#define M(x) x\n", "s f M"),
        ("cpp", "namespace n {\nclass A { void m() {} };\n}\nvoid n::A::k() {}", "n n.A n.A.m n.A.k"),
        ("cpp", "template <class T> T &r(T &x) { return x; }\nint *p() {}", "r p"),
        ("ruby", "module M\n class A\n  def m; end\n  def self.n; end\n end\nend", "M M.A M.A.m M.A.n"),
        ("csharp", "namespace N {\n class A {\n  int P { get; }\n  void M() {}\n }\n}", "N N.A N.A.P N.A.M"),
        ("php", "<?php\nclass A {\n function m() {}\n}\nfunction f() {}\ntrait T {}", "A A.m f T"),
        ("bash", "deploy() {\n  :\n}\nfunction undo {\n  :\n}", "deploy undo"),
    ],
)
def test_definitions_are_named_in_each_language(language: str, text: str, symbols: str) -> None:
    """Each language's definitions are found, once, with the names of what encloses them."""
    (chunk,) = chunk_file(a_file(text, language)).chunks
    assert chunk.symbols == tuple(symbols.split())


@pytest.mark.parametrize(
    ("language", "text", "kind"),
    [
        ("python", "def f(): pass", "function"),
        ("go", "type T interface{}", "interface"),
        ("go", "type T struct{}", "struct"),
        ("go", "type T int", "type"),
        ("rust", "macro_rules! m { () => {} }", "macro"),
        ("rust", "impl A {}", "impl"),
        ("java", "enum E {}", "enum"),
        ("php", "<?php trait T {}", "trait"),
        ("ruby", "module M\nend", "module"),
    ],
)
def test_a_chunk_is_of_the_kind_of_its_first_symbol(language: str, text: str, kind: str) -> None:
    """The kind tells functions, classes and the like apart."""
    (chunk,) = chunk_file(a_file(text, language)).chunks
    assert chunk.kind == kind


def test_broken_code_is_still_cut_by_syntax() -> None:
    """A syntax error costs no line, and what can be parsed keeps its name."""
    text = "def f(:\n  ]]]\n\ndef g():\n    return 1\n"
    chunking = chunk_file(a_file(text))
    assert chunking.method == "syntax"
    assert_covers(chunking, text)


MARKDOWN = """---
title: x
# no heading
---

# Guide

An introduction of a few words that is long enough to be worth a chunk of its own, with an example:

```sh
# no heading either
docker run --rm -it -p 8000:8000 -v "$PWD:/code:ro" example/server:1.0 --log-level info
```

Install
-------

{long}

### Docker ###

{long}

Usage
=====

{long}
"""


def test_markdown_is_cut_at_headings() -> None:
    """Sections carry the headings above them; fences, front matter and comments in code are no headings."""
    text = MARKDOWN.format(long="some words to fill the section " * 24)
    chunking = chunk_file(a_file(text, "markdown"))
    assert chunking.method == "markdown"
    assert [(chunk.symbol, chunk.kind) for chunk in chunking.chunks] == [
        ("Guide", "section"),
        ("Guide > Install", "section"),
        ("Guide > Install > Docker", "section"),
        ("Usage", "section"),
    ]
    assert [chunk.text.split("\n")[0] for chunk in chunking.chunks[1:]] == [
        "Install",
        "### Docker ###",
        "Usage",
    ]


def test_text_is_cut_at_small_indentation() -> None:
    """Without a grammar the blocks of an indented format stay together."""
    block = "service{}:\n" + "  - name: something rather long to write\n" * 15
    text = "".join(block.format(number) for number in range(4))
    chunks = chunk_file(a_file(text, "yaml")).chunks
    assert [chunk.text.split(":")[0] for chunk in chunks] == ["service0", "service1", "service2", "service3"]


def test_a_long_line_is_one_chunk() -> None:
    """A line is never divided, however long it is."""
    text = "short\n" + "word " * 2_000 + "\nshort\n"
    chunks = chunk_file(a_file(text, "text")).chunks
    assert [(chunk.start_line, chunk.end_line) for chunk in chunks] == [(1, 1), (2, 2), (3, 3)]


def test_the_embedded_text_names_the_file() -> None:
    """What is embedded begins with the path and the words of the file's name; the chunk's text does not."""
    file = SourceFile("src/OrderService.java", "class A {}", "java", "digest")
    (chunk,) = chunk_file(file).chunks
    assert chunk.embedding_text == "src/OrderService.java (order service)\nclass A {}"
