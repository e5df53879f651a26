"""Routes for our own services and for staff; the proxy does not expose `/internal`."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import psycopg
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from orders import fraud, outbox, payments, refunds, store
from orders.database import connection
from orders.money import Money
from orders.order import Status

router = APIRouter(prefix="/internal/orders/{number}")
Database = Annotated[psycopg.Connection, Depends(connection)]


class StatusIn(BaseModel):
    status: Literal["picking", "dispatched", "delivered", "returned"]


class PaymentIn(BaseModel):
    outcome: Literal["captured", "declined"]


class RiskIn(BaseModel):
    total_pence: int
    earlier_orders: int
    card_country: str
    delivery_country: str
    email: str
    cards_tried_last_hour: int
    gift_cards_only: bool


class RefundIn(BaseModel):
    sku: str
    reason: refunds.Reason
    opened: bool
    approvers: list[str]


@router.post("/status", status_code=204)
def set_status(number: str, body: StatusIn, database: Database) -> None:
    """The warehouse's or the carrier's news; a status the order already has is no news."""
    order, version = store.load_any(database, number)
    status = Status(body.status)
    if order.status is status:
        return
    order.move_to(status, datetime.now(UTC))
    store.update(database, order, version)
    outbox.record(database, number, f"order.{status}", {})


@router.post("/payment", status_code=204)
def payment(number: str, body: PaymentIn, database: Database) -> None:
    """How the payment worker's attempt to take the money ended."""
    settle = payments.captured if body.outcome == "captured" else payments.declined
    settle(database, number, datetime.now(UTC))


@router.post("/risk")
def assess_risk(number: str, body: RiskIn, database: Database) -> dict[str, Any]:
    """Score a paid order, and put it aside for a reviewer when the score is high."""
    evidence = fraud.Evidence(total=Money(body.total_pence), **body.model_dump(exclude={"total_pence"}))
    found = fraud.assess(evidence)
    if found.hold:
        order, version = store.load_any(database, number)
        order.move_to(Status.ON_HOLD, datetime.now(UTC))
        store.update(database, order, version)
        outbox.record(database, number, "order.held", {"score": found.score, "reasons": found.reasons})
    return {"score": found.score, "hold": found.hold, "reasons": found.reasons}


@router.post("/refunds", status_code=201)
def refund(number: str, body: RefundIn, database: Database, request: Request) -> dict[str, Any]:
    """Apply the returns policy to one line and pay the customer back."""
    order, _ = store.load_any(database, number)
    line = next((line for line in order.lines if line.sku == body.sku), None)
    if line is None:
        raise refunds.RefundRefused(f"order {number} has no line {body.sku}")
    agreed = refunds.assess(order, line, body.reason, body.opened, datetime.now(UTC).date())
    refunds.check_approvers(agreed, body.approvers)
    reference = request.app.state.refund_client.refund(number, line.sku, agreed.amount)
    outbox.record(database, number, "order.refunded", {"sku": line.sku, "pence": agreed.amount.pence})
    return {"reference": reference, "pence": agreed.amount.pence, "fee_pence": agreed.fee.pence}
