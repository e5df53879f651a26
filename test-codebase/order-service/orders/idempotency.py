"""Answering a repeated request with the first answer, so that a double click buys once."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

KEPT_FOR = timedelta(hours=24)


class KeyReused(Exception):
    """The same key came with a different body: a bug in the client (422)."""


@dataclass(frozen=True)
class Answer:
    """The stored response: an HTTP status and a JSON body."""

    status: int
    body: Any


def fingerprint(body: Any) -> str:
    """A digest of the request body that does not depend on the order of its keys."""
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def begin(
    connection: psycopg.Connection, customer_id: str, key: str, body: Any, now: datetime
) -> Answer | None:
    """Claim `key` and return None, or return the answer given the first time.

    Of two simultaneous requests the second waits at the insert until the first's transaction ends:
    if that failed the second does the work, otherwise it reads the stored answer. Keys belong to a
    customer, so that nobody can replay somebody else's order.
    """
    claimed = connection.execute(
        "INSERT INTO idempotency_keys (customer_id, key, fingerprint, created_at)"
        " VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (customer_id, key, fingerprint(body), now),
    )
    if claimed.rowcount == 1:
        return None
    row = connection.execute(
        "SELECT fingerprint, status, body FROM idempotency_keys WHERE customer_id = %s AND key = %s",
        (customer_id, key),
    ).fetchone()
    if row is None or row[0] != fingerprint(body):
        raise KeyReused(f"key {key} was used for a different request")
    return Answer(status=row[1], body=row[2])


def finish(connection: psycopg.Connection, customer_id: str, key: str, answer: Answer) -> None:
    """Store the answer for the next time the key is seen."""
    connection.execute(
        "UPDATE idempotency_keys SET status = %s, body = %s WHERE customer_id = %s AND key = %s",
        (answer.status, Jsonb(answer.body), customer_id, key),
    )


def forget_old(connection: psycopg.Connection, now: datetime) -> int:
    """Delete keys nobody can still be retrying with; returns how many went."""
    return connection.execute(
        "DELETE FROM idempotency_keys WHERE created_at < %s", (now - KEPT_FOR,)
    ).rowcount
