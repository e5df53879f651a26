"""Amounts of money, held as whole pence so that nothing is lost to floating point."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal


@dataclass(frozen=True, order=True)
class Money:
    """A sum in pounds sterling; `pence` may be negative (a credit)."""

    pence: int

    def __add__(self, other: "Money") -> "Money":
        return Money(self.pence + other.pence)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.pence - other.pence)

    def __mul__(self, quantity: int) -> "Money":
        return Money(self.pence * quantity)

    def __str__(self) -> str:
        sign = "-" if self.pence < 0 else ""
        pounds, pence = divmod(abs(self.pence), 100)
        return f"{sign}£{pounds:,}.{pence:02d}"

    @classmethod
    def parse(cls, text: str) -> "Money":
        """Read "12.50" or "£1,200"; more than two decimals is an error, not a rounding."""
        amount = Decimal(text.strip().removeprefix("£").replace(",", ""))
        pence = amount * 100
        if pence != pence.to_integral_value():
            raise ValueError(f"{text!r} has fractions of a penny")
        return cls(int(pence))

    def fraction(self, numerator: int, denominator: int) -> "Money":
        """This amount times numerator/denominator, halves rounded away from zero."""
        exact = Decimal(self.pence) * numerator / denominator
        return Money(int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP)))

    def split(self, weights: Sequence[int]) -> list["Money"]:
        """Divide the amount in proportion to `weights` without losing a penny.

        Every share is rounded down first; the pennies left over go one each to the shares that
        lost the largest fraction (the largest-remainder method), the earlier share on a tie.
        """
        whole = sum(weights)
        if whole <= 0:
            raise ValueError("weights must add up to more than zero")
        shares = [self.pence * weight // whole for weight in weights]
        left_over = self.pence - sum(shares)
        by_loss = sorted(range(len(weights)), key=lambda i: -(self.pence * weights[i] % whole))
        for index in by_loss[:left_over]:
            shares[index] += 1
        return [Money(share) for share in shares]


ZERO = Money(0)


def total(amounts: Iterable[Money]) -> Money:
    """The sum of `amounts`; nothing at all adds up to zero."""
    return sum(amounts, start=ZERO)
