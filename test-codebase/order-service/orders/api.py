"""The HTTP interface that shoppers' browsers use."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

import psycopg
from fastapi import Depends, FastAPI, Header, Request
from fastapi.responses import JSONResponse
from psycopg_pool import ConnectionPool
from pydantic import BaseModel, Field

from orders import catalogue, discounts, idempotency, internal_api, inventory, outbox, refunds, store
from orders.config import Settings
from orders.database import connection
from orders.money import total
from orders.order import IllegalMove, Line, Order, Status, new_order_number
from orders.payments import RefundClient
from orders.pricing import Quote, quote

# Which status each of our own errors becomes; anything not listed is a bug and stays a 500.
STATUS_OF: dict[type[Exception], int] = {
    store.NoSuchOrder: 404,
    store.Changed: 409,
    IllegalMove: 409,
    inventory.OutOfStock: 409,
    catalogue.UnknownProduct: 422,
    catalogue.UnknownPromotion: 422,
    discounts.PromotionRefused: 422,
    refunds.RefundRefused: 422,
    idempotency.KeyReused: 422,
}


class LineIn(BaseModel):
    sku: str = Field(pattern=r"^[A-Z]{3}-\d{5}$")
    quantity: int = Field(ge=1, le=99)


class OrderIn(BaseModel):
    lines: list[LineIn] = Field(min_length=1, max_length=50)
    postcode: str
    card_token: str
    promotion_code: str | None = None


Database = Annotated[psycopg.Connection, Depends(connection)]
Customer = Annotated[str, Header(alias="X-Customer-Id")]
Key = Annotated[str, Header(alias="Idempotency-Key", min_length=16, max_length=64)]


def create_app(settings: Settings) -> FastAPI:
    """Build the application; the pool opens its connections as they are first needed."""
    app = FastAPI(title="Larkfield orders")
    app.state.pool = ConnectionPool(settings.database_url, max_size=settings.pool_size, open=True)
    app.state.refund_client = RefundClient(settings.payment_url, settings.request_timeout_seconds)
    for error, status in STATUS_OF.items():
        app.add_exception_handler(error, _renderer(status))
    app.post("/orders", status_code=201)(place_order)
    app.get("/orders/{number}")(show_order)
    app.post("/orders/{number}/cancel")(cancel_order)
    app.include_router(internal_api.router)
    return app


def _renderer(status: int) -> Callable[[Request, Exception], JSONResponse]:
    def render(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": type(error).__name__, "message": str(error)}, status_code=status)

    return render


def place_order(body: OrderIn, database: Database, customer: Customer, key: Key) -> JSONResponse:
    """Hold the stock, price the basket and store the order, once per idempotency key."""
    now = datetime.now(UTC)
    earlier = idempotency.begin(database, customer, key, body.model_dump(), now)
    if earlier:
        return JSONResponse(earlier.body, status_code=earlier.status, headers={"Idempotent-Replay": "true"})
    basket = {line.sku: line.quantity for line in body.lines}
    order = Order(new_order_number(), customer, catalogue.lines(database, basket), placed_at=now)
    price = _price(database, order.lines, body, customer, now)
    store.add(database, order)
    inventory.reserve(database, order.number, basket, now)
    payment = {"pence": price.total.pence, "card_token": body.card_token}
    outbox.record(database, order.number, "order.placed", payment)
    answer = idempotency.Answer(201, {"number": order.number, "total_pence": price.total.pence})
    idempotency.finish(database, customer, key, answer)
    return JSONResponse(answer.body, status_code=answer.status)


def _price(
    database: psycopg.Connection, lines: list[Line], body: OrderIn, customer: str, now: datetime
) -> Quote:
    if body.promotion_code is None:
        return quote(lines, body.postcode)
    promotion = catalogue.promotion(database, body.promotion_code)
    goods = total(line.price for line in lines)
    discounts.check_usable(promotion, goods, store.count_for(database, customer), now)
    return quote(lines, body.postcode, promotion)


def show_order(number: str, database: Database, customer: Customer) -> dict[str, Any]:
    """The state of one of the caller's own orders."""
    order, _ = store.load(database, number, customer)
    return {"number": order.number, "status": order.status, "goods_pence": order.goods.pence}


def cancel_order(number: str, database: Database, customer: Customer) -> dict[str, Any]:
    """Cancel an order that the warehouse has not started on (409 afterwards)."""
    order, version = store.load(database, number, customer)
    order.move_to(Status.CANCELLED, datetime.now(UTC))
    store.update(database, order, version)
    inventory.release(database, number)
    outbox.record(database, number, "order.cancelled", {})
    return {"number": number, "status": order.status}
