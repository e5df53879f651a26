"""The order itself: what was bought, and the states it may pass through."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from orders.money import Money, total

# Crockford's base 32: no I, L, O or U, so that a number survives being read out on the phone.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Status(StrEnum):
    PLACED = "placed"
    PAID = "paid"
    ON_HOLD = "on_hold"
    PICKING = "picking"
    DISPATCHED = "dispatched"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    RETURNED = "returned"


ALLOWED_MOVES: dict[Status, frozenset[Status]] = {
    Status.PLACED: frozenset({Status.PAID, Status.CANCELLED}),
    Status.PAID: frozenset({Status.ON_HOLD, Status.PICKING, Status.CANCELLED}),
    Status.ON_HOLD: frozenset({Status.PAID, Status.CANCELLED}),
    # Once a picker has the tote in hand a cancellation becomes a return.
    Status.PICKING: frozenset({Status.DISPATCHED}),
    Status.DISPATCHED: frozenset({Status.DELIVERED, Status.RETURNED}),
    Status.DELIVERED: frozenset({Status.RETURNED}),
    Status.CANCELLED: frozenset(),
    Status.RETURNED: frozenset(),
}


class IllegalMove(Exception):
    """An order was asked to enter a state it cannot reach from where it is."""


@dataclass(frozen=True)
class Line:
    """One product in an order; `unit_price` includes VAT, `weight_grams` is for a single unit."""

    sku: str
    name: str
    quantity: int
    unit_price: Money
    vat_rate: int = 20
    weight_grams: int = 0
    category: str = "general"

    def __post_init__(self) -> None:
        if not 1 <= self.quantity <= 99:
            raise ValueError(f"{self.sku}: quantity must be 1 to 99, not {self.quantity}")

    @property
    def price(self) -> Money:
        return self.unit_price * self.quantity


@dataclass
class Order:
    """An order and the times it entered each state (the first entry is the placing)."""

    number: str
    customer_id: str
    lines: list[Line]
    placed_at: datetime
    status: Status = Status.PLACED
    history: list[tuple[Status, datetime]] = field(default_factory=list)

    @property
    def goods(self) -> Money:
        return total(line.price for line in self.lines)

    def move_to(self, status: Status, at: datetime) -> None:
        """Change state; raises `IllegalMove` when the table above does not allow it."""
        if status not in ALLOWED_MOVES[self.status]:
            raise IllegalMove(f"order {self.number} cannot go from {self.status} to {status}")
        self.status = status
        self.history.append((status, at))

    def entered(self, status: Status) -> datetime | None:
        """When the order last entered `status`, or None if it never did."""
        return next((at for state, at in reversed(self.history) if state == status), None)


def new_order_number() -> str:
    """A fresh number such as `LG-7K2M-Q9XD`: 40 random bits, no counter to guess sales from."""
    characters = "".join(secrets.choice(ALPHABET) for _ in range(8))
    return f"LG-{characters[:4]}-{characters[4:]}"
