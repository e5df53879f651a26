"""An answer as the values that two systems must have in common, each with the place where it stands."""

import base64
import difflib
import json
import math
import re
import struct
from collections.abc import Iterator, Mapping
from typing import Any

import httpx2

from tests.contract.sse import events

CONTRACT_HEADERS = (
    "allow",
    "cache-control",
    "content-security-policy",
    "content-type",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "referrer-policy",
    "retry-after",
    "x-accel-buffering",
    "x-content-type-options",
    "x-request-id",
    "x-should-retry",
)
"""What our services promise. The others tell of the clock (date), of how the bytes travel (content-length,
transfer-encoding; a proxy adds its own) and of the files' dates on that disk (etag, last-modified)."""

UNSETTLED = (
    # Drawn at random for every completion.
    (r".*\.id", r"chatcmpl-[0-9a-f]{32}", "<completion>"),
    # The clock in whole seconds; the constant 0 of the models stays.
    (r".*\.created", r"[1-9]\d{9}", "<time>"),
    # When the last index run was.
    (
        r"body(\.codebases\[\d+\])?\.(started|finished)_at",
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z",
        "<time>",
    ),
    # Whether the page warns that no key is needed: it depends on the address that the service listens on.
    (r"body:\d+", r' *<p id="exposed"( hidden)?>.*</p>', "<exposed>"),
    # How long a run and the steps of an answer took; which steps there are stays.
    (r"body\.seconds|body(\[\d+\]\.data)?\.timings\.\w+", r"\d+(\.\d+)?(e-\d+)?", "<seconds>"),
)
"""All that may differ: the place, the form that the value must have, and what stands for it."""

SAME_NUMBER = 1e-5
"""Up to this distance two fractions are one. Scores and vectors are float32, some seven digits, and another
processor, number of threads or store adds them up in another order: scores around 20 differ by 2e-6 between
Qdrant's server and its embedded engine. A distance, not a number of decimals: neighbours may round apart.
"""

LONGEST_DIFF = 60

Form = Mapping[str, Any]
"""The values of an answer by their places, such as `body.hits[0].score`."""


def normal_form(response: httpx2.Response) -> Form:
    """Status, promised headers and the whole body of `response`, without what is unsettled by nature."""
    headers = {name: response.headers[name] for name in CONTRACT_HEADERS if name in response.headers}
    places = {"status": response.status_code, "headers": headers, "body": _body(response)}
    return {place: _settled(place, value) for place, value in _leaves(places, "")}


def difference(theirs: Form, reference: Form, name: str) -> str:
    """What `theirs` has otherwise than `reference`, as a diff for people; empty when they are the same."""
    near = {place: _nearest(value, reference.get(place)) for place, value in theirs.items()}
    found = list(difflib.unified_diff(_lines(reference), _lines(near), "reference", name, n=1, lineterm=""))
    left_out = len(found) - LONGEST_DIFF
    return "\n".join(found[:LONGEST_DIFF] + ([f"… and {left_out} more lines"] if left_out > 0 else []))


def _body(response: httpx2.Response) -> Any:
    kind = response.headers.get("content-type", "").partition(";")[0]
    if kind == "application/json":
        return response.json()
    if kind == "text/event-stream":  # without its comments: a ping tells of a pause
        return [{"event": name, "data": data} for name, data in events(response.text.split("\n"))]
    return response.text


def _leaves(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    inside: list[tuple[str, Any]] = []
    if isinstance(value, dict):
        inside = [(f"{place}.{key}".lstrip("."), each) for key, each in sorted(value.items())]
    elif isinstance(value, list):
        inside = [(f"{place}[{index}]", each) for index, each in enumerate(value)]
    elif isinstance(value, str) and place.endswith(".embedding"):
        inside = [(f"{place}.base64", _floats(value))]  # as numbers, since their last bits may differ
    elif isinstance(value, str) and "\n" in value:
        inside = [(f"{place}:{number}", line) for number, line in enumerate(value.split("\n"), start=1)]
    if not inside:
        yield place, value
    for name, each in inside:
        yield from _leaves(each, name)


def _floats(encoded: str) -> list[float]:
    raw = base64.b64decode(encoded, validate=True)
    return list(struct.unpack(f"<{len(raw) // 4}f", raw))


def _settled(place: str, value: Any) -> Any:
    for where, form, instead in UNSETTLED:
        if re.fullmatch(where, place) and re.fullmatch(form, str(value)):
            return instead
    return value


def _nearest(value: Any, reference: Any) -> Any:
    both = isinstance(value, float) and isinstance(reference, float)
    return reference if both and math.isclose(value, reference, rel_tol=0, abs_tol=SAME_NUMBER) else value


def _lines(form: Form) -> list[str]:
    # A line of a text without its number: one that is missing must not make all those after it differ.
    shown = {place: re.sub(r":\d+$", "", place) for place in form}
    return [f"{shown[place]} = {json.dumps(value, ensure_ascii=False)}" for place, value in form.items()]
