"""What a file uses and imports, by language."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.rag_server.chunking import chunk_file, uses_of
from code_rag.rag_server.chunking.imports import Import, parse_import
from code_rag.rag_server.chunking.reference_queries import REFERENCES
from code_rag.rag_server.chunking.references import MAX_NAMES
from code_rag.rag_server.model import SourceFile


def uses(language: str, text: str) -> set[str]:
    """Each use with its qualifier."""
    references = uses_of(SourceFile("a", text, language, "d"))[1]
    return {f"{use.qualifier}.{use.name}".removeprefix(".") for use in references.uses}


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("python", "@app.route('/')\nclass A(Base):\n    def m(self):\n        self.n(f()).go()",
         {"app.route", "Base", "self.n", "f", "?.go"}),
        ("python", "from a import T, E\ndef f(x: T):\n  try:\n    run(x, T)\n  except E:\n    raise E",
         {"T", "E", "run"}),
        ("javascript", "import D from './d'\nclass A extends B {}\nconst x = <D.X a={D}/>; new C(); on(D, y)",
         {"B", "D.X", "D", "C", "on"}),
        ("typescript", "class A extends B implements C { m(x: n.T) { return go<K>(x) } }",
         {"B", "C", "n.T", "go", "K"}),
        ("tsx", "const a = (p: Props) => <Order.Row {...p}/>", {"Props", "Order.Row", "Order"}),
        ("go", 'package m\nfunc f(a o.Order) { s.Stop(); x := Item{}; g(x) }',
         {"o.Order", "s.Stop", "Item", "g"}),
        ("java", "@S class A extends B<T> { void m(){ o.f(); g(); new C(); D.e(C::h); } }",
         {"S", "B", "T", "o.f", "g", "C", "D.e", "D", "C.h"}),
        ("rust", "fn f() { a::b(1); self.c(); d::<T>(); E::new(); m!(x) }",
         {"a.b", "self.c", "d", "T", "E.new", "E", "m"}),
        ("ruby", "class A < M::B\n  def m; f(1); o.g; C.new; end\nend",
         {"M", "M.B", "f", "o.g", "C.new", "C"}),
        ("php", "<?php class A extends B { function m(C $c): D { $c->f(); E::g(); new F(); h(); } }",
         {"B", "C", "D", "c.f", "E.g", "E", "F", "h"}),
        ("csharp", "class A : B { void M(C c) { c.F(); G(); new D(); E.H(); } }",
         {"B", "C", "c.F", "G", "D", "E.H", "E"}),
        ("c", "t *f(s *o) { g(h(1)); o->k(); }", {"t", "s", "g", "h", "o.k"}),
        ("cpp", "class A : public B { void m(C& c) { c.f(); n::g(c); h<int>(1); new D(); } };",
         {"B", "C", "c.f", "n.g", "h", "D"}),
        ("kotlin", "class A : B(), C { fun m(o: D) { o.f(); g(); this.n(); E(); on(::h) } }",
         {"B", "C", "D", "o.f", "g", "this.n", "E", "on", "h"}),
        ("scala", "class A extends B with C { def m(o: D) = { o.f(); g(1); new E(); this.n() } }",
         {"B", "C", "D", "o.f", "g", "E", "this.n"}),
        ("swift", "class A: B { func m(o: C) -> D { o.f(); g(); self.n(); E() } }",
         {"B", "C", "D", "o.f", "g", "self.n", "E"}),
        ("bash", "f() { g \"$1\"; h | f; }", {"g", "h", "f"}),
    ],
)  # fmt: skip
def test_uses_by_language(language: str, text: str, expected: set[str]) -> None:
    """Calls, constructors, base classes, types and decorators count, with what stands before their name."""
    assert uses(language, text) == expected


def test_every_language_with_uses_is_tested() -> None:
    """The table above has a row for each language."""
    rows = test_uses_by_language.pytestmark[0].args[1]  # type: ignore[attr-defined]
    assert {row[0] for row in rows} == set(REFERENCES)


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("python", "from .shop.orders import (Order,\n  cancel as c)",
         [(".shop.orders", "Order", "Order"), (".shop.orders", "cancel", "c")]),
        ("python", "import a.b, c as d", [("a.b", "", "a.b"), ("c", "", "d")]),
        ("python", "from x import *", [("x", "*", "*")]),
        ("javascript", 'import D, {a as b} from "./o"', [("./o", "a", "b"), ("./o", "D", "D")]),
        ("typescript", "import type {T} from 'x'", [("x", "T", "T")]),
        ("javascript", "import * as n from '../x'", [("../x", "", "n")]),
        ("javascript", '{p, q: z} = require("y")', [("y", "p", "p"), ("y", "q", "z")]),
        ("javascript", 'import "./side-effect"', []),
        ("go", '"github.com/x/orders/v2"', [("github.com/x/orders/v2", "", "orders")]),
        ("go", 'o "x/orders"', [("x/orders", "", "o")]),
        ("java", "import com.shop.Order;", [("com.shop", "Order", "Order")]),
        ("java", "import static a.B.c;", [("a.B", "c", "c")]),
        ("rust", "pub use crate::a::{B, c::{self, d as e}, *};",
         [("crate::a", "B", "B"), ("crate::a", "c", "c"), ("crate::a::c", "d", "e"), ("crate::a", "*", "*")]),
        ("php", "use A\\B as C, D\\E;", [("A", "B", "C"), ("D", "E", "E")]),
        ("php", "use function A\\{f, B\\g};", [("A", "f", "f"), ("A\\B", "g", "g")]),
        ("csharp", "using Shop.Orders;", [("Shop.Orders", "*", "*")]),
        ("csharp", "using X = Shop.Y;", [("Shop", "Y", "X")]),
        ("kotlin", "import a.b.C", [("a.b", "C", "C")]),
        ("kotlin", "import a.b.d as e", [("a.b", "d", "e")]),
        ("scala", "import a.b.{D, E => F}", [("a.b", "D", "D"), ("a.b", "E", "F")]),
        ("scala", "import a.b._", [("a.b", "*", "*")]),
        ("swift", "import Shop", [("Shop", "*", "*")]),
        ("c", '#include "shop/orders.h"', [("shop/orders", "*", "*")]),
        ("ruby", "require_relative 'orders/order'", [("orders/order", "*", "*")]),
        ("bash", "source ./lib.sh", [("./lib", "*", "*")]),
        ("cobol", "COPY x", []),
    ],
)  # fmt: skip
def test_imports_by_language(language: str, text: str, expected: list[tuple[str, str, str]]) -> None:
    """An import names a module, what is taken from it, and what that is called in this file."""
    assert parse_import(text, language) == [Import(*each) for each in expected]


def test_uses_in_the_scripts_of_a_component() -> None:
    """A component's scripts use names at their lines in the file."""
    text = (
        '<template><b/></template>\n<script setup>\nimport {cancel} from "./orders"\ncancel(1)\n</script>\n'
    )
    references = uses_of(SourceFile("a.vue", text, "vue", "d"))[1]
    assert [(use.name, use.start[0]) for use in references.uses] == [("cancel", 3)]
    assert references.imports == (Import("./orders", "cancel", "cancel"),)


def test_a_chunk_has_the_names_that_it_uses() -> None:
    """Names are stored with the chunk that uses them; an alias also as what it stands for."""
    text = (
        "from shop import cancel as c\n\n\ndef one():\n    c()\n\n\ndef two():\n    other()\n"
        + "    x = 1\n" * 120
    )
    chunks = chunk_file(SourceFile("a.py", text, "python", "d")).chunks
    assert len(chunks) > 1
    assert {"c", "cancel", "other"} == {name for chunk in chunks for name in chunk.references}
    assert "other" not in chunks[-1].references


def test_a_variable_is_no_use() -> None:
    """An argument counts only where its name is imported or defined in the file."""
    assert uses("python", "def f(x):\n    run(x, f)") == {"run", "f"}
    assert uses("python", "class A:\n  def f(self, x):\n    run(x.y, target=self.f)") == {"run", "self.f"}


def test_a_long_line_keeps_a_bounded_number_of_names() -> None:
    """A line of thousands of calls keeps the first names."""
    text = ";".join(f"f{number}()" for number in range(5000))
    (chunk,) = chunk_file(SourceFile("a.js", text, "javascript", "d")).chunks
    assert len(chunk.references) == MAX_NAMES


def test_nested_lists_of_imports_are_bounded() -> None:
    """An import nested as deep as the parser takes it ends, with no import."""
    assert parse_import("use " + "a::{" * 900 + "}" * 900, "rust") == []


@given(
    st.sampled_from(sorted(REFERENCES)),
    st.text("abAB_.:(){}[]<>\"'=;,@#*& \nimportuseclassdef", max_size=200),
)
def test_any_text_is_read(language: str, text: str) -> None:
    """No text makes reading uses fail, and every use is at its place in the text."""
    lines = text.split("\n")
    for use in uses_of(SourceFile("a", text, language, "d"))[1].uses:
        assert 0 <= use.start[0] < len(lines)
        assert use.name.strip("?!") in lines[use.start[0]] or use.name in text


@given(st.sampled_from(sorted(REFERENCES)), st.text(max_size=100))
def test_any_import_is_read(language: str, text: str) -> None:
    """No text makes reading an import fail."""
    parse_import(text, language)
