"""The returns policy: whether a refund is due, how much, and who has to agree."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from orders.money import ZERO, Money
from orders.order import Line, Order, Status

REFUND_WINDOW = timedelta(days=30)
FAULTY_WINDOW = timedelta(days=183)
LIVE_PLANT_WINDOW = timedelta(days=7)
RESTOCKING_PERCENT = 15
SECOND_APPROVAL_ABOVE = Money(20_000)


class Reason(StrEnum):
    CHANGED_MIND = "changed_mind"
    FAULTY = "faulty"
    WRONG_ITEM = "wrong_item"


class RefundRefused(Exception):
    """No refund is due; the message says which rule of the policy applies."""


@dataclass(frozen=True)
class Refund:
    """An agreed refund: `amount` is paid back after `fee` was kept."""

    order_number: str
    sku: str
    amount: Money
    fee: Money
    needs_second_approval: bool


def assess(order: Order, line: Line, reason: Reason, opened: bool, today: date) -> Refund:
    """Decide on a refund of one line, or raise `RefundRefused`."""
    delivered = order.entered(Status.DELIVERED)
    if delivered is None:
        raise RefundRefused(f"order {order.number} has not been delivered")
    if line.category == "made_to_measure" and reason is Reason.CHANGED_MIND:
        raise RefundRefused("made-to-measure goods are only taken back when something is wrong with them")
    last_day = last_return_day(line, reason, order.placed_at, delivered)
    if today > last_day:
        raise RefundRefused(f"the last day to return {line.name} was {last_day:%d %B %Y}")
    fee = restocking_fee(line, reason, opened)
    amount = line.price - fee
    return Refund(order.number, line.sku, amount, fee, amount > SECOND_APPROVAL_ABOVE)


def last_return_day(line: Line, reason: Reason, placed_at: datetime, delivered_at: datetime) -> date:
    """The last day on which the line may come back, counted from the delivery, not the order.

    Presents bought between 1 November and 24 December may come back until 31 January.
    """
    if reason is not Reason.CHANGED_MIND:
        return (delivered_at + FAULTY_WINDOW).date()
    if line.category == "live_plant":
        return (delivered_at + LIVE_PLANT_WINDOW).date()
    ordinary = (delivered_at + REFUND_WINDOW).date()
    bought = placed_at.date()
    if date(bought.year, 11, 1) <= bought <= date(bought.year, 12, 24):
        return max(ordinary, date(bought.year + 1, 1, 31))
    return ordinary


def restocking_fee(line: Line, reason: Reason, opened: bool) -> Money:
    """What we keep for testing and repacking opened electricals; never when we are at fault."""
    if reason is Reason.CHANGED_MIND and opened and line.category == "electrical":
        return line.price.fraction(RESTOCKING_PERCENT, 100)
    return ZERO


def check_approvers(refund: Refund, approvers: list[str]) -> None:
    """Large refunds need two different people; one person approving twice does not count."""
    needed = 2 if refund.needs_second_approval else 1
    if len(set(approvers)) < needed:
        raise RefundRefused(f"a refund of {refund.amount} needs {needed} different approvers")
