"""Leasing a database connection to one request."""

from collections.abc import Iterator

import psycopg
from fastapi import Request


def connection(request: Request) -> Iterator[psycopg.Connection]:
    """A pooled connection; committed when the handler returns, rolled back when it raises."""
    with request.app.state.pool.connection() as leased:
        yield leased
