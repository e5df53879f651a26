"""Baskets whose price was worked out by hand."""

import pytest

from orders.discounts import Kind, Promotion
from orders.money import Money
from orders.order import Line
from orders.pricing import area, quote

LAMP = Line("LMP-00017", "Brass desk lamp", 1, Money(3600))
BOOK = Line("BOK-00220", "The Winter Garden", 2, Money(1250), vat_rate=0)
STOVE = Line("STV-00003", "Cast-iron stove", 1, Money(64900), weight_grams=71_000)


def test_small_basket_pays_carriage() -> None:
    assert quote([LAMP], "BD23 1DN").total == Money(3995)


def test_carriage_is_free_from_forty_pounds() -> None:
    assert quote([LAMP, BOOK], "BD23 1DN").delivery == Money(0)


def test_promotion_can_take_a_basket_below_free_delivery() -> None:
    ten_off = Promotion("SPRING", Kind.FIXED, 2500)
    assert quote([LAMP, BOOK], "BD23 1DN", ten_off).delivery == Money(395)


def test_islands_pay_the_surcharge_even_when_delivery_is_free() -> None:
    assert quote([LAMP, BOOK], "HS1 2AA").delivery == Money(600)


def test_heavy_goods_go_by_pallet() -> None:
    assert quote([STOVE], "LS1 4AP").delivery == Money(2900)


def test_vat_is_taken_out_of_the_shelf_price_line_by_line() -> None:
    assert quote([LAMP, BOOK], "BD23 1DN").vat == Money(600)


@pytest.mark.parametrize(("postcode", "expected"), [("IV2 3AB", "IV"), ("m1 1aa", "M"), (" EC1A 1BB", "EC")])
def test_area_is_the_leading_letters(postcode: str, expected: str) -> None:
    assert area(postcode) == expected


def test_discount_never_exceeds_sixty_per_cent() -> None:
    everything = Promotion("OOPS", Kind.PERCENT, 95)
    assert quote([LAMP], "BD23 1DN", everything).discount == Money(2160)


def test_three_for_two_gives_away_the_cheapest() -> None:
    bulbs = [Line("BLB-00001", "Bulb", 2, Money(500)), Line("BLB-00002", "Large bulb", 1, Money(900))]
    assert quote(bulbs, "BD23 1DN", Promotion("BULBS", Kind.THREE_FOR_TWO)).discount == Money(500)
