"""Values after names such as `password`, in any language: assigned, passed, configured."""

import re
from collections.abc import Iterator

from code_rag.rag_server.redaction.plausibility import is_password, is_random
from code_rag.rag_server.redaction.span import Span

_PASSWORDS = ("pass", "pwd")
_OTHERS = {"secret": "secret", "token": "token", "credential": "credential", "key": "key"}
_KEYS = (
    "api", "access", "private", "secret", "encryption", "encrypt", "signing", "master", "account", "auth",
    "service", "shared", "storage", "session", "client", "admin", "license", "app", "application",
)  # fmt: skip
"""What stands before `key` in the name of a secret."""

_VALUE = re.compile(
    r"""
    (?P<rest> [\w.-]{0,30} ) ["'`\])]{0,3}
    (?: [ \t]{0,40} : [ \t]{0,40} [\w.|?\[\] ]{1,24} [ \t] = (?!=)  # an annotation before the value
      | [ \t]{1,40} string [ \t]{0,40} =                               # the same in Go
      | [ \t]{0,40} (?: => | := | ={1,3} | [:,>] ) | (?P<gap> [ \t]{0,40} \( | [ \t]{1,40} ) )
    [ \t]{0,40} (?: [bBrRuUfF@$]{0,2} (?P<quote>["'`]) (?P<quoted> [^"'`\s]{6,300} ) (?P=quote)
      | (?P<bare> [^\s"'`;,<>(){}\[\]]{8,300}+ ) (?! [(\[{] ) )
    """,
    re.VERBOSE,
)
_ABOUT = re.compile(
    r"_?(?:ur[il]|path|file|name|type|field|id|hash|regex|pattern|length|len|size|expir\w*|header|prefix|suffix|"
    r"format|class|version|algorithm|scope|audience|issuer|count|limit|env|var|ref|arn|label|column|param)s?\b",
    re.IGNORECASE,
)
"""What the rest of a name says when the value is about a secret and not the secret."""


def find_assigned(text: str) -> Iterator[Span]:
    """Passwords, secrets, tokens and keys by the names before them."""
    # The one letter that has another length in lower case would move the places that follow it.
    lowered = text.replace("\u0130", "i").lower()
    for word in _PASSWORDS:
        yield from _after(text, lowered, word, "password")
    for word, kind in _OTHERS.items():
        yield from _after(text, lowered, word, kind)


def _after(text: str, lowered: str, word: str, kind: str) -> Iterator[Span]:
    place = lowered.find(word)
    while place >= 0:
        end = place + len(word)
        if (word != "key" or _names_a_secret(lowered, place)) and (match := _VALUE.match(text, end)):
            group = "quoted" if match["quoted"] else "bare"
            if _is_secret(match, is_named_password=kind == "password"):
                yield Span(*match.span(group), kind)
        place = lowered.find(word, end)


def _names_a_secret(lowered: str, key: int) -> bool:
    return lowered[max(0, key - 14) : key].rstrip("_- .").endswith(_KEYS)


def _is_secret(match: re.Match[str], *, is_named_password: bool) -> bool:
    if _ABOUT.search(match["rest"]):
        return False
    if match["quoted"]:
        value = match["quoted"]
        return is_random(value) or (is_named_password and not match["gap"] and is_password(value))
    return is_random(match["bare"])
