"""Locating the stack traces of several languages."""

from pathlib import Path

import pytest

from tests.unit.rag_server.pastes import CSHARP, GO_PANIC, JAVA, NODE, PHP, RUBY, RUST_PANIC
from tests.unit.rag_server.test_locating import located, places_of


@pytest.mark.parametrize(
    ("text", "files", "places"),
    [
        (
            NODE.text,
            {
                "lib/stock.js": "\n" * 7
                + "class Stock {\n  count(sku) {\n    throw new RangeError(sku);\n  }\n}\n"
            },
            ["lib/stock.js:9 Stock.count"],
        ),
        (
            JAVA.text,
            {
                "src/main/java/com/shop/Orders.java": "class Orders {\n" + "\n" * 17 + "void place() {\n}}\n",
                "src/main/java/com/shop/stock/Stock.java": "class Stock {\n"
                + "\n" * 6
                + "int count() {\n}}\n",
            },
            ["com/shop/stock/Stock.java:8 Stock.count", "com/shop/Orders.java:19 Orders.place"],
        ),
        (
            GO_PANIC.text,
            {"stock/shelf.go": "package stock\n" + "\n" * 39 + "func (s *Shelf) Count() {\n}\n"},
            ["stock/shelf.go:41 Shelf.Count"],
        ),
        (
            RUST_PANIC.text,
            {
                "src/stock.rs": "\n\nfn count() {\n    rows[3]\n}\n",
                "src/orders.rs": "\n" * 10 + "fn place() {\n}\n",
            },
            ["src/stock.rs:3 count", "src/orders.rs:11 place"],
        ),
        (
            CSHARP.text,
            {"Shop/Stock.cs": "class Stock {\n" + "\n" * 6 + "int Count() {\nreturn 1; }}\n"},
            ["Shop/Stock.cs:8 Stock.Count"],
        ),
        (RUBY.text, {"lib/stock.rb": "\n" * 7 + "def count\n  raise 'x'\nend\n"}, ["lib/stock.rb:8 count"]),
        (
            PHP.text,
            {"src/Stock.php": "<?php\n" + "\n" * 6 + "function count() {\n throw 1;\n}\n"},
            ["src/Stock.php:8 count"],
        ),
    ],
)
async def test_traces_of_other_languages_lead_to_their_functions(
    tmp_path: Path, text: str, files: dict[str, str], places: list[str]
) -> None:
    """Each frame is found by the end of its path, whatever machine or class path it was printed from."""
    found = places_of(await located(tmp_path, files, text))

    assert [place.removeprefix("src/main/java/") for place in found] == places
