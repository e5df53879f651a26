"""Telling other services what happened, without losing an event or inventing one.

An event is written to the `outbox` table in the transaction that changes the order, and sent to
the message broker afterwards. A crash in between sends it twice, never zero times, so consumers
drop event ids they have seen.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import psycopg
import structlog
from psycopg.types.json import Jsonb

BATCH = 100
ATTEMPTS_BEFORE_PARKING = 10

log = structlog.get_logger()


@dataclass(frozen=True)
class Event:
    """Something that happened to an order, such as `order.paid`."""

    id: UUID
    order_number: str
    kind: str
    data: dict[str, Any]


def record(connection: psycopg.Connection, order_number: str, kind: str, data: dict[str, Any]) -> UUID:
    """Write an event; call it inside the transaction that makes it true."""
    event_id = uuid4()
    connection.execute(
        "INSERT INTO outbox (id, order_number, kind, data) VALUES (%s, %s, %s, %s)",
        (event_id, order_number, kind, Jsonb(data)),
    )
    return event_id


def relay(connection: psycopg.Connection, publish: Callable[[Event], None]) -> int:
    """Send waiting events, the oldest first, and return how many were sent.

    `SKIP LOCKED` lets several relays share the work. An event that keeps failing is parked after
    ten attempts, so that it cannot hold up everything behind it; the runbook says what to do.
    """
    sent = 0
    with connection.transaction():
        rows = connection.execute(
            "SELECT id, order_number, kind, data FROM outbox"
            " WHERE sent_at IS NULL AND attempts < %s"
            " ORDER BY sequence LIMIT %s FOR UPDATE SKIP LOCKED",
            (ATTEMPTS_BEFORE_PARKING, BATCH),
        ).fetchall()
        for row in rows:
            sent += _send(connection, Event(*row), publish)
    return sent


def _send(connection: psycopg.Connection, event: Event, publish: Callable[[Event], None]) -> int:
    try:
        publish(event)
    except OSError as failure:
        log.warning("event_not_sent", event_id=str(event.id), kind=event.kind, reason=str(failure))
        connection.execute("UPDATE outbox SET attempts = attempts + 1 WHERE id = %s", (event.id,))
        return 0
    connection.execute("UPDATE outbox SET sent_at = now() WHERE id = %s", (event.id,))
    return 1
