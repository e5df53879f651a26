"""Chunking: where files are cut, and what the pieces are called."""

import pytest

from code_rag.rag_server.chunking import chunk_file
from code_rag.rag_server.chunking.packing import TARGET
from tests.unit.rag_server.chunked import a_file, assert_covers, tokens


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
