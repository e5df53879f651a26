"""Holding stock for a customer while they pay, so that two people cannot buy the last lamp."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import psycopg
import structlog

RESERVATION_LIFETIME = timedelta(minutes=15)

# Kept back from online sale at each warehouse: counting errors and damaged boxes.
SAFETY_STOCK = 2

log = structlog.get_logger()


class OutOfStock(Exception):
    """Fewer units are free than were asked for."""

    def __init__(self, sku: str, wanted: int, free: int) -> None:
        super().__init__(f"{sku}: {wanted} wanted, {free} available")
        self.sku = sku
        self.free = free


def reserve(
    connection: psycopg.Connection, order_number: str, basket: Mapping[str, int], now: datetime
) -> None:
    """Hold every product in `basket` (SKU to quantity) or none of them.

    Rows are locked in SKU order: two baskets with the same products in a different order would
    otherwise wait for each other for ever. Raises `OutOfStock` and holds nothing when short.
    """
    with connection.transaction():
        for sku, quantity in sorted(basket.items()):
            free = _lock_and_count(connection, sku, now)
            if free < quantity:
                raise OutOfStock(sku, quantity, free)
            connection.execute(
                "INSERT INTO stock_reservations (order_number, sku, quantity, expires_at)"
                " VALUES (%s, %s, %s, %s)",
                (order_number, sku, quantity, now + RESERVATION_LIFETIME),
            )


def _lock_and_count(connection: psycopg.Connection, sku: str, now: datetime) -> int:
    """Lock the product's stock row and return how many units nobody else has a claim on."""
    row = connection.execute("SELECT on_hand FROM stock WHERE sku = %s FOR UPDATE", (sku,)).fetchone()
    if row is None:
        return 0
    held = connection.execute(
        "SELECT coalesce(sum(quantity), 0) FROM stock_reservations"
        " WHERE sku = %s AND committed_at IS NULL AND expires_at > %s",
        (sku, now),
    ).fetchone()
    return max(0, row[0] - SAFETY_STOCK - (held[0] if held else 0))


def commit(connection: psycopg.Connection, order_number: str, now: datetime) -> None:
    """Turn a hold into a sale once the payment is captured: the units leave the stock count.

    A payment may arrive after the hold ran out. The sale stands if the units are still there;
    otherwise the constraint `stock_not_negative` stops us and the payment is paid back by hand.
    """
    with connection.transaction():
        lines = connection.execute(
            "UPDATE stock_reservations SET committed_at = %s"
            " WHERE order_number = %s AND committed_at IS NULL RETURNING sku, quantity",
            (now, order_number),
        ).fetchall()
        for sku, quantity in lines:
            connection.execute("UPDATE stock SET on_hand = on_hand - %s WHERE sku = %s", (quantity, sku))


def release(connection: psycopg.Connection, order_number: str) -> None:
    """Give the units back at once, when a customer cancels or a card is declined."""
    connection.execute(
        "DELETE FROM stock_reservations WHERE order_number = %s AND committed_at IS NULL", (order_number,)
    )


def sweep_expired(connection: psycopg.Connection, now: datetime) -> int:
    """Delete holds that ran out; run every minute by the scheduler. Returns how many went.

    Expired holds are ignored when counting anyway: this only keeps the table small.
    """
    removed = connection.execute(
        "DELETE FROM stock_reservations WHERE committed_at IS NULL AND expires_at <= %s", (now,)
    ).rowcount
    if removed:
        log.info("reservations_expired", count=removed)
    return removed
