"""The words inside an identifier or a file name."""

import re

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+|[^\W\d_a-zA-Z]+")


def split_identifier(name: str) -> list[str]:
    """The words of an identifier, lower-cased: `parseHTTPRequest_v2` gives parse, http, request, v, 2."""
    return [word.lower() for word in _WORD.findall(name)]
