"""The words inside an identifier or a file name."""

import re

_ASCII = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_OTHER = re.compile(r"[^\W\d_]+|\d+")


def split_identifier(name: str) -> list[str]:
    """The words of an identifier, lower-cased: `parseHTTPRequest_v2` gives parse, http, request, v, 2.

    A name with non-ASCII letters is split only at underscores and digits.
    """
    words = _ASCII if name.isascii() else _OTHER
    return [word.lower() for word in words.findall(name)]
