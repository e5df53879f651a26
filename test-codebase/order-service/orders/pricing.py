"""What a basket costs: goods, promotion, delivery and the VAT inside the total."""

from collections.abc import Sequence
from dataclasses import dataclass

from orders.discounts import Promotion, reduction
from orders.money import ZERO, Money, total
from orders.order import Line

STANDARD_DELIVERY = Money(395)
FREE_DELIVERY_FROM = Money(4000)
REMOTE_SURCHARGE = Money(600)
PALLET_DELIVERY = Money(2900)
PALLET_WEIGHT_GRAMS = 30_000

# Postcode areas our carrier charges extra for: the Highlands, the islands, Northern Ireland.
REMOTE_AREAS = frozenset({"BT", "HS", "IM", "IV", "KW", "ZE"})


@dataclass(frozen=True)
class Quote:
    """The price of a basket; `total` is what the card is charged, `vat` is contained in it."""

    goods: Money
    discount: Money
    delivery: Money
    vat: Money

    @property
    def total(self) -> Money:
        return self.goods - self.discount + self.delivery


def quote(lines: Sequence[Line], postcode: str, promotion: Promotion | None = None) -> Quote:
    """Price `lines` delivered to `postcode`."""
    if not lines:
        raise ValueError("an empty basket has no price")
    goods = total(line.price for line in lines)
    discount = reduction(lines, promotion) if promotion else ZERO
    delivery = delivery_charge(lines, postcode, goods - discount)
    return Quote(goods, discount, delivery, vat_included(lines, discount, delivery))


def delivery_charge(lines: Sequence[Line], postcode: str, paid_for_goods: Money) -> Money:
    """Carriage for one parcel, or for a pallet when any single item is too heavy to carry.

    Free delivery looks at what is paid after the promotion, and never covers the surcharge for
    remote areas or a pallet.
    """
    surcharge = REMOTE_SURCHARGE if area(postcode) in REMOTE_AREAS else ZERO
    if any(line.weight_grams > PALLET_WEIGHT_GRAMS for line in lines):
        return PALLET_DELIVERY + surcharge
    carriage = ZERO if paid_for_goods >= FREE_DELIVERY_FROM else STANDARD_DELIVERY
    return carriage + surcharge


def area(postcode: str) -> str:
    """The letters a UK postcode starts with: "IV2 3AB" is in area IV."""
    outward = postcode.strip().upper()
    letters = outward[:2] if outward[1:2].isalpha() else outward[:1]
    if not letters.isalpha():
        raise ValueError(f"{postcode!r} is not a UK postcode")
    return letters


def vat_included(lines: Sequence[Line], discount: Money, delivery: Money) -> Money:
    """The VAT contained in the price.

    Shelf prices include VAT, so it is taken out rather than added on. The promotion is spread
    over the lines by value and each line is rounded on its own: the accounts package does the
    same, and rounding the sum instead left us pennies apart at every month end.
    """
    shares = discount.split([line.price.pence for line in lines])
    taxed = [
        (line.price - share).fraction(line.vat_rate, 100 + line.vat_rate)
        for line, share in zip(lines, shares, strict=True)
    ]
    return total(taxed) + delivery.fraction(20, 120)
