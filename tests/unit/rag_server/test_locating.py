"""Locating what a question pastes in an indexed codebase."""

from pathlib import Path

import pytest

from code_rag.rag_server.answer import Asked
from code_rag.rag_server.gathering import Gatherer
from code_rag.rag_server.locating import Located, Locator
from code_rag.rag_server.model import Scope
from code_rag.rag_server.pasted import read
from tests.unit.rag_server.indexed import searcher_of

PRICING = """\
def line_price(line, prices):
    return prices[line["sku"]] * line["count"]


def order_price(order, prices):
    return sum(line_price(line, prices) for line in order["lines"])
"""
API = """\
from orders.pricing import order_price


def handle_quote(request, prices):
    return {"cents": order_price(request.json(), prices)}
"""
STOCK = """\
class OutOfStock(Exception):
    pass


def take(sku, count):
    logger.info("taking %d of %s from the shelf", count, sku)
    if count > 3:
        raise OutOfStock(f"only three of {sku} may be taken at once")
"""
FILES = {"orders/pricing.py": PRICING, "orders/api.py": API, "orders/stock.py": STOCK}
TRACE = """\
Traceback (most recent call last):
  File "/srv/shop/.venv/lib/python3.12/site-packages/web/api.py", line 5, in __call__
    response = handler(request)
  File "/srv/shop/orders/api.py", line 5, in handle_quote
    return {"cents": order_price(request.json(), prices)}
  File "/srv/shop/orders/pricing.py", line 6, in order_price
    return sum(line_price(line, prices) for line in order["lines"])
  File "/srv/shop/orders/pricing.py", line 2, in line_price
    return prices[line["sku"]] * line["count"]
KeyError: 'KR-2041-B'
"""


async def located(folder: Path, files: dict[str, str], text: str, scope: Scope | None = None) -> Located:
    """What of a text is in a codebase of these files."""
    async with searcher_of(folder, files, embedded=False) as (searcher, _):
        return await Locator(searcher.store, scope or Scope()).locate(read(text))


def places_of(found: Located) -> list[str]:
    """Path, first line and symbol of each excerpt."""
    return [f"{each.path}:{each.start_line} {each.symbol}" for each in found.excerpts]


async def test_a_traceback_leads_to_its_deepest_frames_here(tmp_path: Path) -> None:
    """Where it was raised comes first, then its callers; a library's file of the same name is left out."""
    found = await located(tmp_path, FILES, TRACE)

    assert places_of(found) == [
        "orders/pricing.py:1 line_price",
        "orders/pricing.py:5 order_price",
        "orders/api.py:4 handle_quote",
    ]
    assert found.opening == (
        "The trace leads to `line_price` (`orders/pricing.py:2`), called by `order_price` "
        "(`orders/pricing.py:6`), called by `handle_quote` (`orders/api.py:5`). "
        "Outside of the indexed code: 1 of 4 frames."
    )


async def test_lines_that_have_moved_are_found_by_their_text(tmp_path: Path) -> None:
    """The trace of an older version leads to where its lines are now, and says so."""
    moved = {"orders/pricing.py": f"import logging\n\n\n\n{PRICING}"}

    found = await located(tmp_path, moved, TRACE)

    assert places_of(found)[0] == "orders/pricing.py:5 line_price"
    assert "(`orders/pricing.py:6`, then line 2)" in found.opening


async def test_a_function_that_has_moved_is_found_by_its_name(tmp_path: Path) -> None:
    """Without its text a line is looked for in the function that was printed with it."""
    text = 'Traceback (most recent call last):\n  File "/app/orders/pricing.py", line 2, in order_price\n'

    assert places_of(await located(tmp_path, FILES, text)) == ["orders/pricing.py:5 order_price"]


async def test_of_files_with_one_name_the_one_with_the_text_is_meant(tmp_path: Path) -> None:
    """A path that may be several files is the one whose line reads as printed."""
    files = {"a/pricing.py": "def other():\n    return None\n", "b/pricing.py": PRICING}

    assert places_of(await located(tmp_path, files, TRACE)) == [
        "b/pricing.py:1 line_price",
        "b/pricing.py:5 order_price",
    ]


async def test_files_beside_one_that_is_known_are_known_too(tmp_path: Path) -> None:
    """Once a file of an installed package is recognised, so are the others in its folder."""
    text = """\
Traceback (most recent call last):
  File "/usr/lib/python3/dist-packages/shop/orders/v2/pricing.py", line 2, in line_price
    return prices[line["sku"]] * line["count"]
  File "/usr/lib/python3/dist-packages/shop/orders/v2/api.py", line 1, in gone
"""
    assert len((await located(tmp_path, FILES, text)).excerpts) == 2


async def test_frames_outside_of_the_scope_are_left_out(tmp_path: Path) -> None:
    """A question about one folder is answered from that folder."""
    assert places_of(await located(tmp_path, FILES, TRACE, Scope("orders/api.py"))) == [
        "orders/api.py:4 handle_quote"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "2024-05-01 12:00:01 INFO shop.stock: taking 2 of KR-2041 from the shelf",
        "OutOfStock: only three of KR-2041 may be taken at once",
        'Why does it say "only three of KR-2041 may be taken at once"?',
        '{"level": "info", "msg": "taking 2 of KR-2041 from the shelf"}',
        "api_1  | taking 2 of KR-2041 from the shelf\napi_1  | ERROR taking 2 of KR-2041 from the shelf",
    ],
)
async def test_a_message_leads_to_what_wrote_it(tmp_path: Path, text: str) -> None:
    """The line whose string is the message, with other values filled in, is found."""
    assert places_of(await located(tmp_path, FILES, text)) == ["orders/stock.py:5 take"]


@pytest.mark.parametrize(
    "text",
    [
        "How are prices computed?",
        "ValueError: invalid literal for int() with base 10",
        'Traceback (most recent call last):\n  File "/usr/lib/python3.12/json/api.py", line 5, in decode\n',
        "see http://localhost:8000/orders",
        "What happens at 10:15 in orders/missing.py:3?",
    ],
)
async def test_what_is_not_of_this_codebase_leads_nowhere(tmp_path: Path, text: str) -> None:
    """Frames of others, and messages that no line writes, are not guessed at."""
    assert await located(tmp_path, FILES, text) == Located()


async def test_a_long_function_is_quoted_around_the_line(tmp_path: Path) -> None:
    """Its first line says what it is, and the lines around the place what happened."""
    body = "".join(f"    step({number})\n" for number in range(40))

    (excerpt,) = (
        await located(tmp_path, {"a/b.py": f"def run():\n{body}"}, "What is at a/b.py:30?")
    ).excerpts

    assert excerpt.shown == ((1, 1), (26, 33))


async def test_an_answer_to_a_traceback_shows_its_frames(tmp_path: Path) -> None:
    """The frames are the answer and the first hits, and what is searched for is the telling part."""
    async with searcher_of(tmp_path, FILES) as (searcher, _):
        gathered = await Gatherer(searcher).gather(Asked(f"Please help:\n{TRACE}"), Scope(), 8)

    assert [each.symbol for each in gathered.quotes.excerpts] == ["line_price", "order_price", "handle_quote"]
    assert gathered.quotes.state == "answered"
    assert [hit.chunk.path for hit in gathered.found.hits][:2] == ["orders/pricing.py", "orders/api.py"]


async def test_a_message_is_found_in_a_text_of_several_lines(tmp_path: Path) -> None:
    """A raw string that goes on below holds the message too, and a test of it does not come first."""
    call = 'func warn() {\n\tdebug(`Running in "debug" mode. Switch it off.\n - with an option`)\n}\n'
    files = {"debug_test.go": call.replace("warn", "TestWarn"), "debug.go": call}

    found = await located(tmp_path, files, '[WARNING] Running in "debug" mode. Switch it off.')

    assert places_of(found) == ["debug.go:1 warn"]


async def test_a_place_in_a_question_is_shown_before_what_else_is_found(tmp_path: Path) -> None:
    """A question that names a line may be about more than that line."""
    async with searcher_of(tmp_path, FILES) as (searcher, _):
        asked = Asked("Who raises OutOfStock, is it orders/api.py:5?")
        gathered = await Gatherer(searcher).gather(asked, Scope(), 8)

    assert gathered.quotes.excerpts[0].symbol == "handle_quote"
    assert "orders/stock.py" in [each.path for each in gathered.quotes.excerpts]
