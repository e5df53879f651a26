"""The returns policy, one test for each sentence of it."""

from datetime import UTC, date, datetime

import pytest

from orders.money import Money
from orders.order import Line, Order, Status
from orders.refunds import Reason, Refund, RefundRefused, assess, check_approvers

RADIO = Line("RAD-00009", "Kitchen radio", 1, Money(8000), category="electrical")
BLIND = Line("BLD-00041", "Roller blind", 1, Money(5500), category="made_to_measure")


def delivered(line: Line, placed: date, arrived: date) -> Order:
    order = Order("LG-TEST-0001", "c-1", [line], datetime(placed.year, placed.month, placed.day, tzinfo=UTC))
    order.status = Status.DELIVERED
    order.history.append((Status.DELIVERED, datetime(arrived.year, arrived.month, arrived.day, tzinfo=UTC)))
    return order


def test_thirty_days_count_from_the_delivery() -> None:
    order = delivered(RADIO, placed=date(2024, 5, 1), arrived=date(2024, 5, 20))
    in_time = assess(order, RADIO, Reason.CHANGED_MIND, opened=False, today=date(2024, 6, 19))
    assert in_time.amount == Money(8000)
    with pytest.raises(RefundRefused, match="19 June 2024"):
        assess(order, RADIO, Reason.CHANGED_MIND, opened=False, today=date(2024, 6, 20))


def test_christmas_presents_may_come_back_in_january() -> None:
    order = delivered(RADIO, placed=date(2024, 11, 5), arrived=date(2024, 11, 8))
    assert assess(order, RADIO, Reason.CHANGED_MIND, opened=False, today=date(2025, 1, 31)).fee == Money(0)


def test_opened_electricals_cost_a_restocking_fee() -> None:
    order = delivered(RADIO, placed=date(2024, 5, 1), arrived=date(2024, 5, 3))
    refund = assess(order, RADIO, Reason.CHANGED_MIND, opened=True, today=date(2024, 5, 10))
    assert (refund.amount, refund.fee) == (Money(6800), Money(1200))


def test_made_to_measure_comes_back_only_when_faulty() -> None:
    order = delivered(BLIND, placed=date(2024, 5, 1), arrived=date(2024, 5, 3))
    with pytest.raises(RefundRefused, match="made-to-measure"):
        assess(order, BLIND, Reason.CHANGED_MIND, opened=False, today=date(2024, 5, 4))
    assert assess(order, BLIND, Reason.FAULTY, opened=True, today=date(2024, 9, 1)).amount == Money(5500)


def test_one_person_cannot_approve_a_large_refund_twice() -> None:
    refund = Refund("LG-TEST-0001", "STV-00003", Money(64_900), Money(0), needs_second_approval=True)
    with pytest.raises(RefundRefused, match="2 different approvers"):
        check_approvers(refund, ["maya", "maya"])
    check_approvers(refund, ["maya", "tom"])
