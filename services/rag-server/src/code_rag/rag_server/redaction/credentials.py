"""The places where protocols and tools keep credentials: URLs, headers, webhooks, keys, command lines."""

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from code_rag.rag_server.redaction.plausibility import is_filler
from code_rag.rag_server.redaction.span import Span

_KEY_BLOCK = re.compile(r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----")
_MAX_BLOCK = 20_000
_BODY = re.compile(r"[A-Za-z0-9+/=]{16,}")
"""A line of a key in base64, without what a language puts around it."""

_USUAL = frozenset(
    {"password", "passwd", "pass", "pwd", "pw", "secret", "user", "username", "token", "test", "foo", "bar"}
)
"""Passwords of URLs in documents."""


class _Rule(NamedTuple):
    kind: str
    mark: str
    """What must be in the text, in lower case."""
    pattern: re.Pattern[str]
    """Matches where the mark is; group 1 is the secret."""


_RULES: Sequence[_Rule] = (
    _Rule("password", "://", re.compile(r"://[^\s:/@\"'<>{}$`]{0,100}:([^\s/@\"'<>`]{3,200})@[\w.\[-]")),
    _Rule("basic auth", "basic ", re.compile(r"(?i:basic)[ ]+([A-Za-z0-9+/]{10,}={0,2})")),
    _Rule("basic auth", '"auth"', re.compile(r"(?i:\"auth\")\s*:\s*\"([A-Za-z0-9+/]{10,}={0,2})\"")),
    _Rule("token", "bearer ", re.compile(r"(?i:bearer)[ ]+([\w.~+/-]{24,}=*)")),
    _Rule("Slack webhook", "hooks.slack.com/", re.compile(r"hooks\.slack\.com/[a-z]+/([\w/]{20,})")),
    _Rule("Discord webhook", "/api/webhooks/", re.compile(r"/api/webhooks/\d{15,}/([\w-]{40,})")),
    _Rule("Teams webhook", "webhook.office.com/", re.compile(r"webhook\.office\.com/(\S{60,})")),
    _Rule("SAS signature", "sig=", re.compile(r"sig=([A-Za-z0-9%+/]{40,}=*)")),
    _Rule("password", "curl ", re.compile(r"curl\b[^\n]{0,300}?\s(?:-u|--user)[ =]?[\"']?[^\s:\"']{1,100}:([^\s\"']{3,})")),  # noqa: E501
    _Rule("password", "sshpass ", re.compile(r"sshpass\s+-p[ ]?[\"']?([^\s\"']{3,})")),
)  # fmt: skip


def find_credentials(text: str) -> Iterator[Span]:
    """Private keys, then what the other rules find."""
    yield from _find_keys(text)
    lowered = text.replace("\u0130", "i").lower()
    for rule in _RULES:
        place = lowered.find(rule.mark)
        while place >= 0:
            if (match := rule.pattern.match(text, place)) and _is_secret(rule, match[1]):
                yield Span(*match.span(1), rule.kind)
            place = lowered.find(rule.mark, place + len(rule.mark))


def _find_keys(text: str) -> Iterator[Span]:
    """Each line of base64 from the start of a private key to the next dashes; without those up to a limit."""
    for begin in _KEY_BLOCK.finditer(text) if "PRIVATE KEY" in text else ():
        end = text.find("-----", begin.end(), begin.end() + _MAX_BLOCK)
        last = end if end >= 0 else begin.end() + _MAX_BLOCK
        for number, line in enumerate(_BODY.finditer(text, begin.end(), last)):
            if not is_filler(line[0]):
                yield Span(*line.span(), "private key", counts=number == 0)


def _is_secret(rule: _Rule, value: str) -> bool:
    if rule.kind == "basic auth":
        return _holds_a_login(value)
    if rule.kind == "token" and not any(c.isdigit() for c in value):
        return False
    return value[0] not in "$%{<*[" and value.lower() not in _USUAL and "xxx" not in value.lower()


def _holds_a_login(value: str) -> bool:
    """Whether base64 holds a name, a colon and a password."""
    try:
        login = base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return False
    name, _, password = login.partition(":")
    return bool(name and password) and login.isprintable() and password.lower() not in _USUAL
