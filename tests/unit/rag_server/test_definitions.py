"""Definitions in the languages whose queries are less obvious than a list of node types."""

import time

import pytest

from code_rag.rag_server.chunking import chunk_file
from code_rag.rag_server.chunking.outline import Outline
from code_rag.rag_server.chunking.syntax import syntax_structure
from tests.unit.rag_server.chunked import a_file, assert_covers
from tests.unit.rag_server.language_samples import DART, ELIXIR, KOTLIN, SCALA, SQL, SWIFT, TERRAFORM


def definitions(text: str, language: str) -> list[str]:
    """Kind and qualified name of each definition, in the order of the text."""
    structure = syntax_structure(text.split("\n"), language)
    assert structure
    outline = Outline(structure[1], "module")
    rows = range(text.count("\n") + 1)
    found = [(outline.describe(row, row + 1)) for row in rows if row in outline.rows]
    return [f"{kind} {', '.join(names)}" for names, _, kind in found]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        (
            "kotlin",
            KOTLIN,
            "type Sku/interface Shelf/method Shelf.take/enum Size/class Box/property Box.heavy/"
            "method Box.constructor/method Box.is full/method Box.empty/object Warehouse/"
            "method Warehouse.sort/function Box.label",
        ),
        (
            "swift",
            SWIFT,
            "type Sku/interface Shelf/type Shelf.Item/method Shelf.take/enum Size/struct Box/"
            "property Box.heavy/method Box.init/method Box.subscript/method Box.==/extension Box/"
            "method Box.take/class Warehouse/method Warehouse.deinit/function restock",
        ),
        (
            "scala",
            SCALA,
            "type Sku/trait Shelf/method Shelf.take/class Box/method Box.take/method Box.label/object Box/"
            "method Box.apply/enum Size/method Size.next/object bySize/method bySize.compare/"
            "function restock",
        ),
        (
            "dart",
            DART,
            "type Sku/type Weigh/class Shelf/method Shelf.take/trait Labelled/method Labelled.label/"
            "extension Boxes/method Boxes.heavy/class Box/method Box.Box/method Box.empty/method Box.parse/"
            "method Box.==/method Box.pack/enum Size/function main",
        ),
        (
            "elixir",
            ELIXIR,
            "module Shop.Warehouse/module Shop.Warehouse.Box/function Shop.Warehouse.Box.label/"
            "function Shop.Warehouse.restock/function Shop.Warehouse.empty?/function Shop.Warehouse.sort/"
            "macro Shop.Warehouse.audit/macro Shop.Warehouse.is_heavy/function Shop.Warehouse.fetch/"
            "interface Priced/method Priced.price/impl Priced.Shop.Warehouse/"
            "method Priced.Shop.Warehouse.price",
        ),
        (
            "sql",
            SQL,
            "schema shop/table shop.boxes/table Box Sizes/index boxes_by_shelf/view heavy_boxes/view totals/"
            "type size/function shop.restock/trigger touch/sequence skus",
        ),
        (
            "terraform",
            TERRAFORM,
            "provider aws/variable region/local name/resource aws_s3_bucket.labels/data aws_ami.ubuntu/"
            "module network/output arn/block job.restock",
        ),
    ],
)
def test_definitions_have_a_kind_and_a_qualified_name(language: str, text: str, expected: str) -> None:
    """Every definition of a language is found once, with what encloses it in its name."""
    assert definitions(text, language) == expected.split("/")


@pytest.mark.parametrize(
    ("language", "text", "name"),
    [
        ("dart", DART, "Box.pack"),
        ("elixir", ELIXIR, "Shop.Warehouse.restock"),
        ("kotlin", KOTLIN, "Box.heavy"),
        ("scala", SCALA, "Box.take"),
        ("sql", SQL, "shop.restock"),
        ("swift", SWIFT, "Box.take"),
        ("terraform", TERRAFORM, "aws_s3_bucket.labels"),
    ],
)
def test_the_name_of_a_definition_holds_up_to_its_end(language: str, text: str, name: str) -> None:
    """The lines of a body, which may be a chunk of their own, carry the name of what they belong to."""
    structure = syntax_structure(text.split("\n"), language)
    assert structure
    outline = Outline(structure[1], "module")
    first = next(row for row in outline.rows if name in outline.describe(row, row + 1)[0])
    assert outline.describe(first + 1, first + 2)[1] == name


def test_documentation_stays_with_the_function_it_describes() -> None:
    """Elixir writes it as an expression before the function; a chunk does not start between the two."""
    function = (
        '  @doc "Restocks."\n  @spec f{0}(t) :: t\n  def f{0}(shop) do\n'
        + "    step(shop, 1)\n" * 25
        + "  end\n"
    )
    text = "defmodule Shop do\n" + "\n".join(function.format(number) for number in range(4)) + "end\n"
    chunking = chunk_file(a_file(text, "elixir"))
    assert_covers(chunking, text)
    assert len(chunking.chunks) >= 4
    assert all("def f" in chunk.text for chunk in chunking.chunks if "@doc" in chunk.text)


@pytest.mark.parametrize(("language", "text"), [("javascript", "a=" * 80_000), ("elixir", "a." * 80_000)])
def test_a_tree_of_any_depth_is_searched_in_linear_time(language: str, text: str) -> None:
    """Nesting without brackets, past the depth that a query can count, does not occupy the process."""
    started = time.thread_time()
    assert_covers(chunk_file(a_file(text + "a", language)), text + "a")
    assert time.thread_time() - started < 2
