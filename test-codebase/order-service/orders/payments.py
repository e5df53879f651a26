"""What happens to an order when the payment worker reports, and paying money back."""

from datetime import datetime

import httpx
import psycopg
import structlog

from orders import inventory, outbox, retry, store
from orders.circuit import CircuitBreaker
from orders.money import Money
from orders.order import Status

REPEATABLE = frozenset({408, 429, 500, 502, 503, 504})

log = structlog.get_logger()


def captured(connection: psycopg.Connection, order_number: str, now: datetime) -> None:
    """The money is ours: mark the order paid and take the units out of stock.

    The event may come twice, and an order that has left `placed` was dealt with the first time.
    """
    order, version = store.load_any(connection, order_number)
    if order.status is not Status.PLACED:
        log.info("payment_event_ignored", order=order_number, status=order.status)
        return
    order.move_to(Status.PAID, now)
    store.update(connection, order, version)
    inventory.commit(connection, order_number, now)
    outbox.record(connection, order_number, "order.paid", {"pence": order.goods.pence})


def declined(connection: psycopg.Connection, order_number: str, now: datetime) -> None:
    """The bank refused: cancel the order and give the stock back to other shoppers."""
    order, version = store.load_any(connection, order_number)
    if order.status is not Status.PLACED:
        return
    order.move_to(Status.CANCELLED, now)
    store.update(connection, order, version)
    inventory.release(connection, order_number)
    outbox.record(connection, order_number, "order.cancelled", {"because": "payment declined"})


class RefundClient:
    """Asks the payment worker to pay money back to the card it came from."""

    def __init__(self, base_url: str, timeout: float) -> None:
        self._http = httpx.Client(base_url=base_url, timeout=timeout)
        self._breaker = CircuitBreaker("payment-worker")

    def refund(self, order_number: str, sku: str, amount: Money) -> str:
        """Pay back `amount` and return the processor's reference.

        The breaker is around the retries, not inside them: one request that failed four times
        counts as one failure.
        """
        return self._breaker.call(
            lambda: retry.call(lambda: self._post(order_number, sku, amount), "refund")
        )

    def _post(self, order_number: str, sku: str, amount: Money) -> str:
        try:
            response = self._http.post(
                "/refunds",
                json={"order_number": order_number, "pence": amount.pence},
                headers={"Idempotency-Key": f"refund-{order_number}-{sku}"},
            )
        except httpx.TransportError as error:
            raise retry.Transient(str(error)) from error
        if response.status_code in REPEATABLE:
            seconds = response.headers.get("Retry-After", "")
            wait = float(seconds) if seconds.isdigit() else None
            raise retry.Transient(f"payment worker answered {response.status_code}", wait)
        response.raise_for_status()
        return str(response.json()["reference"])
