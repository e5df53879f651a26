"""What we sell and at which price; the browser never says what something costs."""

from collections.abc import Mapping

import psycopg

from orders.discounts import Kind, Promotion
from orders.money import Money
from orders.order import Line


class UnknownProduct(Exception):
    """A product is not in the catalogue or no longer on sale."""


class UnknownPromotion(Exception):
    """There is no such promotion code."""


def lines(connection: psycopg.Connection, basket: Mapping[str, int]) -> list[Line]:
    """Turn SKUs and quantities into order lines at today's prices, in the basket's order."""
    rows = connection.execute(
        "SELECT sku, name, price_pence, vat_rate, weight_grams, category FROM products"
        " WHERE sku = ANY(%s) AND withdrawn_at IS NULL",
        (list(basket),),
    ).fetchall()
    found = {row[0]: row for row in rows}
    missing = [sku for sku in basket if sku not in found]
    if missing:
        raise UnknownProduct(f"not on sale: {', '.join(missing)}")
    return [
        Line(sku, found[sku][1], quantity, Money(found[sku][2]), *found[sku][3:])
        for sku, quantity in basket.items()
    ]


def promotion(connection: psycopg.Connection, code: str) -> Promotion:
    """Look up a promotion code, in whichever case the customer typed it."""
    row = connection.execute(
        "SELECT code, kind, value, starts_at, ends_at, first_order_only, minimum_spend_pence"
        " FROM promotions WHERE code = upper(%s)",
        (code.strip(),),
    ).fetchone()
    if row is None:
        raise UnknownPromotion(code)
    return Promotion(row[0], Kind(row[1]), row[2], row[3], row[4], row[5], Money(row[6]))
