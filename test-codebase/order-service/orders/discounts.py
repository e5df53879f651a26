"""Promotions: who may use a code, and how much it takes off."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from orders.money import ZERO, Money, total
from orders.order import Line

# Marketing may set any percentage; this is what finance lets through.
DEEPEST_CUT_PERCENT = 60
STAFF_PERCENT = 25
NEVER_DISCOUNTED = frozenset({"gift_card", "donation"})


class Kind(StrEnum):
    PERCENT = "percent"
    FIXED = "fixed"
    THREE_FOR_TWO = "three_for_two"


class PromotionRefused(Exception):
    """The code exists but may not be used here; the message is shown to the customer."""


@dataclass(frozen=True)
class Promotion:
    """A promotion code; `value` is per cent or pence according to `kind`."""

    code: str
    kind: Kind
    value: int = 0
    starts: datetime | None = None
    ends: datetime | None = None
    first_order_only: bool = False
    minimum_spend: Money = ZERO


def staff_promotion(employee_number: str) -> Promotion:
    """The standing staff discount, tagged with the employee so that payroll can report it."""
    return Promotion(code=f"STAFF-{employee_number}", kind=Kind.PERCENT, value=STAFF_PERCENT)


def check_usable(promotion: Promotion, goods: Money, earlier_orders: int, now: datetime) -> None:
    """Raise `PromotionRefused` when the code is not valid for this customer and basket."""
    if promotion.starts and now < promotion.starts:
        raise PromotionRefused(f"{promotion.code} is not active yet")
    if promotion.ends and now >= promotion.ends:
        raise PromotionRefused(f"{promotion.code} has expired")
    if promotion.first_order_only and earlier_orders:
        raise PromotionRefused(f"{promotion.code} is for a first order only")
    if goods < promotion.minimum_spend:
        raise PromotionRefused(f"{promotion.code} needs a basket of {promotion.minimum_spend}")


def reduction(lines: Sequence[Line], promotion: Promotion) -> Money:
    """How much `promotion` takes off `lines`; gift cards and donations are left at full price."""
    eligible = [line for line in lines if line.category not in NEVER_DISCOUNTED]
    value = total(line.price for line in eligible)
    match promotion.kind:
        case Kind.PERCENT:
            wanted = value.fraction(promotion.value, 100)
        case Kind.FIXED:
            wanted = Money(promotion.value)
        case Kind.THREE_FOR_TWO:
            wanted = cheapest_thirds(eligible)
    return min(wanted, value.fraction(DEEPEST_CUT_PERCENT, 100))


def cheapest_thirds(lines: Sequence[Line]) -> Money:
    """Three for two: every third unit is free, the dearest units paying first."""
    units = sorted((line.unit_price for line in lines for _ in range(line.quantity)), reverse=True)
    return total(units[2::3])
