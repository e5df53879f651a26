"""Orders in PostgreSQL."""

from datetime import datetime

import psycopg
from psycopg.types.json import Jsonb

from orders.money import Money
from orders.order import Line, Order, Status


class NoSuchOrder(Exception):
    """There is no order with this number, or it belongs to somebody else."""


class Changed(Exception):
    """The order was changed by another request since it was read."""


def add(connection: psycopg.Connection, order: Order) -> None:
    """Store a new order."""
    connection.execute(
        "INSERT INTO orders (number, customer_id, status, placed_at, lines, history)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        (order.number, order.customer_id, order.status, order.placed_at, _lines(order), _history(order)),
    )


def load(connection: psycopg.Connection, number: str, customer_id: str) -> tuple[Order, int]:
    """Return the order and its version; raises `NoSuchOrder` for another customer's order too.

    Telling the two cases apart would let anybody find out which numbers exist.
    """
    order, version = load_any(connection, number)
    if order.customer_id != customer_id:
        raise NoSuchOrder(number)
    return order, version


def load_any(connection: psycopg.Connection, number: str) -> tuple[Order, int]:
    """Return any customer's order and its version: for our own services and for staff."""
    row = connection.execute(
        "SELECT customer_id, status, placed_at, lines, history, version FROM orders WHERE number = %s",
        (number,),
    ).fetchone()
    if row is None:
        raise NoSuchOrder(number)
    customer_id, status, placed_at, lines, history, version = row
    return Order(
        number=number,
        customer_id=customer_id,
        lines=[Line(**{**line, "unit_price": Money(line["unit_price"])}) for line in lines],
        placed_at=placed_at,
        status=Status(status),
        history=[(Status(state), datetime.fromisoformat(at)) for state, at in history],
    ), version


def update(connection: psycopg.Connection, order: Order, version: int) -> None:
    """Save a changed order if nobody else has since `version` was read (optimistic locking)."""
    saved = connection.execute(
        "UPDATE orders SET status = %s, history = %s, version = version + 1"
        " WHERE number = %s AND version = %s",
        (order.status, _history(order), order.number, version),
    )
    if saved.rowcount == 0:
        raise Changed(order.number)


def count_for(connection: psycopg.Connection, customer_id: str) -> int:
    """How many orders the customer has placed and not cancelled."""
    row = connection.execute(
        "SELECT count(*) FROM orders WHERE customer_id = %s AND status <> %s",
        (customer_id, Status.CANCELLED),
    ).fetchone()
    return row[0] if row else 0


def _lines(order: Order) -> Jsonb:
    return Jsonb([{**vars(line), "unit_price": line.unit_price.pence} for line in order.lines])


def _history(order: Order) -> Jsonb:
    return Jsonb([[state, at.isoformat()] for state, at in order.history])
