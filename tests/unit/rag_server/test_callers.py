"""Who uses a definition: found by name and import, and honest about what that leaves open."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from code_rag.rag_server.callers import CallerFinder, Callers, normalised
from code_rag.rag_server.model import Scope
from tests.unit.rag_server.indexed import searcher_of

PYTHON = {
    "shop/orders.py": """class Order:
    def cancel(self):
        self.log()

    def log(self):
        pass

    def close(self):
        self.cancel()


def cancel(order):
    order.cancel()
    return cancel(order)
""",
    "shop/cart.py": """from shop.orders import cancel as undo
from .orders import Order
from shop import orders


def empty(order):
    undo(order)
    orders.cancel(order)
    Order.cancel(order)
    order.cancel()
""",
    "bank/transfers.py": """def cancel(transfer):
    pass


class Transfer:
    def cancel(self):
        pass

    def stop(self):
        self.cancel()
        cancel(self)
""",
    "bank/audit.py": "from bank.transfers import cancel\n\ncancel(1)\nlater(cancel)\n",
}


async def callers(
    tmp_path: Path, files: Mapping[str, str], symbol: str, scope: Scope | None = None, limit: int = 50
) -> Callers:
    """The callers of a symbol in an index of these files."""
    async with searcher_of(tmp_path, files) as (searcher, codebase):
        return await CallerFinder(searcher, codebase.source).find_callers(symbol, scope or Scope(), limit)


def lines(found: Callers) -> dict[str, str]:
    """By `path:line`, how each use was resolved."""
    return {
        f"{caller.chunk.path}:{use.line}": use.resolution.value
        for caller in found.callers
        for use in caller.uses
    }


async def test_a_function_is_told_from_methods_and_from_its_namesakes(tmp_path: Path) -> None:
    """Imports, aliases and modules lead to the function; namesakes are left out and counted."""
    found = await callers(tmp_path, PYTHON, "shop.orders.cancel")
    assert [(target.path, target.line) for target in found.definitions] == [("shop/orders.py", 12)]
    assert lines(found) == {"shop/cart.py:7": "import", "shop/cart.py:8": "import"}
    assert any(note.endswith("another cancel; left out.") for note in found.notes)


async def test_a_method_is_found_by_its_class_and_by_name(tmp_path: Path) -> None:
    """Calls by the class and by self are sure; a call on a variable is known by name only, and comes last."""
    found = await callers(tmp_path, PYTHON, "Order.cancel")
    assert lines(found) == {
        "shop/cart.py:9": "import",
        "shop/orders.py:9": "same file",
        "shop/cart.py:10": "name only",
        "shop/orders.py:13": "name only",
    }
    (note,) = [note for note in found.notes if "name" in note]
    assert "2 places use something named cancel" in note
    uses = {use.line: use for caller in found.callers for use in caller.uses if "cart" in caller.chunk.path}
    assert (uses[9].text, uses[9].symbol) == ("Order.cancel(order)", "empty")


async def test_a_name_means_all_of_its_definitions(tmp_path: Path) -> None:
    """Without owner or module the uses of every definition count, and none of them is its own caller."""
    found = await callers(tmp_path, PYTHON, "cancel")
    assert len(found.definitions) == 4
    assert {"bank/audit.py:3", "bank/audit.py:4", "bank/transfers.py:10", "bank/transfers.py:11"} < lines(
        found
    ).keys()
    assert "shop/orders.py:14" not in lines(found)


async def test_scope_and_limit_narrow_the_callers(tmp_path: Path) -> None:
    """A folder narrows the callers but not the definitions; a limit is said."""
    found = await callers(tmp_path, PYTHON, "shop.orders.cancel", Scope(path="bank"))
    assert (len(found.definitions), lines(found)) == (1, {})
    (tmp_path / "again").mkdir()
    found = await callers(tmp_path / "again", PYTHON, "cancel", limit=1)
    assert len(found.callers) == 1
    assert any(note.endswith("the first 1 are listed.") for note in found.notes)


OTHERS = {
    "web/orders.ts": "export function cancel(o: Order) {}\nexport class Order { ship() {} }\n",
    "web/cart.ts": 'import {cancel as c, Order} from "./orders"\nc(new Order())\nx.ship()\n',
    "web/other.ts": 'import {cancel} from "./elsewhere"\ncancel()\n',
    "go/orders/cancel.go": "package orders\nfunc Cancel() {}\nfunc Other() { Log() }\n",
    "go/orders/log.go": "package orders\nfunc Log() { }\n",
    "go/main.go": 'package main\nimport "x.org/shop/orders"\nfunc main() { orders.Cancel() }\n',
    "com/shop/Till.java": "package com.shop;\nclass Till {\n  void pay() { check(); }\n void check() {}\n}\n",
    "com/shop/Desk.java": "package com.shop;\nclass Desk {\n  Till till;\n  void go() { till.pay(); }\n}\n",
    "com/other/Use.java": "import com.shop.Till;\nclass Use { Till t; }\n",
    "src/orders.rs": "pub struct Bill {}\nimpl Bill { pub fn send() {} }\npub fn total() {}\n",
    "src/main.rs": "use crate::orders::{self, Bill};\nfn main() { Bill::send(); orders::total(); }\n",
    "lib/ring.c": '#include "ring.h"\nvoid ring_free(int r) {}\n',
    "lib/use.c": '#include "ring.h"\nvoid f() { ring_free(1); }\n',
}  # fmt: skip


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        ("web.orders.cancel", {"web/cart.ts:2": "import"}),
        ("Order.ship", {"web/cart.ts:3": "name only"}),
        ("web.orders.Order", {"web/cart.ts:2": "import", "web/orders.ts:1": "same file"}),
        ("orders.Cancel", {"go/main.go:3": "import"}),
        ("Log", {"go/orders/cancel.go:3": "same package"}),
        ("Till", {"com/other/Use.java:2": "import", "com/shop/Desk.java:3": "same package"}),
        ("Till.check", {"com/shop/Till.java:3": "same file"}),
        ("Till::pay()", {"com/shop/Desk.java:4": "name only"}),
        ("Bill.send", {"src/main.rs:2": "import"}),
        ("total", {"src/main.rs:2": "import"}),
        ("ring_free", {"lib/use.c:2": "import"}),
    ],
)
async def test_other_languages(tmp_path: Path, symbol: str, expected: dict[str, str]) -> None:
    """Each language's own way to name another file leads to the definition."""
    assert lines(await callers(tmp_path, OTHERS, symbol)) == expected


async def test_an_unknown_symbol_has_near_names(tmp_path: Path) -> None:
    """A name that nothing defines is named, with those that are spelled alike."""
    found = await callers(tmp_path, PYTHON, "Transfr")
    assert (found.callers, found.definitions) == ((), ())
    assert found.notes == ("The index has no definition of Transfr. Near names that it defines: Transfer.",)
    (tmp_path / "again").mkdir()
    found = await callers(tmp_path / "again", PYTHON, "Cart.cancel")
    assert found.notes[0].startswith(
        "The index has no definition of Cart.cancel; it defines cancel as Order.cancel"
    )


async def test_a_language_without_uses_is_said(tmp_path: Path) -> None:
    """Where uses are not known, an empty list would look like an answer."""
    files = {"a.sql": "CREATE TABLE orders (id int);\nSELECT * FROM orders;\n"}
    found = await callers(tmp_path, files, "orders")
    assert found.notes == ("Uses in files of sql are not indexed.",)


async def test_what_is_defined_outside_has_callers_too(tmp_path: Path) -> None:
    """A library's function is found by its module, and without one by its name only."""
    files = {"a.py": "import requests\nfrom x import get\n\nrequests.get('/')\nget(1)\n"}
    assert lines(await callers(tmp_path, files, "requests.get")) == {"a.py:4": "import"}
    (tmp_path / "again").mkdir()
    found = await callers(tmp_path / "again", files, "get")
    assert lines(found) == {"a.py:4": "name only", "a.py:5": "name only"}


async def test_a_file_that_has_changed_is_left_out_and_said(tmp_path: Path) -> None:
    """Lines of a file that was edited after it was indexed would be wrong."""
    async with searcher_of(tmp_path, PYTHON) as (searcher, codebase):
        (tmp_path / "code/shop/cart.py").write_text("pass\n")
        found = await CallerFinder(searcher, codebase.source).find_callers("shop.orders.cancel", Scope(), 9)
    assert found.callers == ()
    assert found.degraded == ("1 file has changed since it was indexed; its uses are left out",)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("`Order::cancel()`", "Order.cancel"),
        ("Order#cancel", "Order.cancel"),
        ("Order.__init__", "Order"),
        ("Order.Order", "Order"),
        ("cancel", "cancel"),
        ("initialize", "initialize"),
    ],
)
def test_a_symbol_is_read_as_it_is_written(written: str, meant: str) -> None:
    """Separators of all languages are dots, and a constructor is its class."""
    assert normalised(written) == meant
