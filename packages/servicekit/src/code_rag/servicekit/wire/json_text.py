"""JSON as text that any client can read."""

import json
import re
from typing import Any

_HALF_A_PAIR = re.compile("[\ud800-\udfff]")


def encode(data: Any) -> str:
    """`data` as JSON; half a surrogate pair, which no UTF-8 can hold, is escaped as it was sent."""
    text = json.dumps(data, ensure_ascii=False)
    return json.dumps(data) if _HALF_A_PAIR.search(text) else text
