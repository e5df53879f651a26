"""Distinguishes what a generator made, or someone thought up as a password, from names and examples."""

import math
import re
from collections import Counter

_EXAMPLES = (
    "example", "placeholder", "changeme", "change_me", "change-me", "replace", "your", "dummy", "****",
    "....", "1234567890", "abcdefgh", "redacted", "insert", "not-a-", "not_a_",
)  # fmt: skip
_REFERENCE = re.compile(
    r"[$%#@&]?[{<(\[]|\$[A-Za-z_]+$|%[sd(]|\.{0,2}/|[a-z][a-z0-9+.-]*://|[A-Za-z_]\w*(?:\.\w+)+$"
)
"""What a template, a variable, a path, an address or an attribute starts with, or is."""
_WORDS = re.compile(
    r"(?:[A-Za-z]{2,}\d{0,4}|[A-Za-z]?\d{1,4})(?:[_. :/-]+(?:[A-Za-z]{2,}\d{0,4}|[A-Za-z]?\d{1,4}))*"
)
"""Words and small numbers: a name, an algorithm, a version."""
_MIN_DISTINCT = 6


def entropy(value: str) -> float:
    """Shannon's entropy of a text that is not empty, in bits per character."""
    counts = Counter(value).values()
    return -sum(count / len(value) * math.log2(count / len(value)) for count in counts)


def is_filler(value: str) -> bool:
    """Whether a value with the form of a token repeats a few characters, or says that it is an example."""
    return len(set(value)) < _MIN_DISTINCT or "EXAMPLE" in value or "xxxx" in value.lower()


def is_placeholder(value: str) -> bool:
    """Whether a value stands for another one."""
    lowered = value.lower()
    return is_filler(value) or any(example in lowered for example in _EXAMPLES)


def is_random(value: str) -> bool:
    """Whether a value looks like what a generator makes: letters and digits, mixed, and no words."""
    has_both = any(c.isdigit() for c in value) and any(c.isalpha() for c in value)
    if not has_both or is_placeholder(value) or _REFERENCE.match(value):
        return False
    if _WORDS.fullmatch(value) and not _is_mixed(value):
        return False
    return entropy(value) >= min(3.0, 0.8 * math.log2(len(value)))


def is_password(value: str) -> bool:
    """Whether a quoted value after a word for a password is one: it has letters with digits or signs."""
    if is_placeholder(value) or _REFERENCE.match(value) or not any(c.isalpha() for c in value):
        return False
    return any(c.isdigit() for c in value) or (len(value) >= 8 and any(c in "!@#$%^&*+=?~" for c in value))


def _is_mixed(value: str) -> bool:
    """Whether there are more capitals than words start with; a random text has them in two of five places."""
    return len(value) >= 12 and len(re.findall(r"[A-Za-z](?=[A-Z])", value)) >= 0.35 * len(value)
