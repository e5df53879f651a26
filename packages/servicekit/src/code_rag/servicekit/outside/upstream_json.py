"""JSON as model servers write it."""

import json
import math
from typing import Any


def parse(text: bytes) -> Any:
    """The value of `text`, its NaN and infinities as null, which JSON has no words for; raises ValueError."""
    try:
        return json.loads(text, parse_constant=_nothing, parse_float=_finite)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _nothing(_: str) -> None:
    return None


def _finite(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None
