"""What the comparison of two systems' answers overlooks, and what it does not."""

from typing import Any

import httpx2
import pytest

from tests.contract.normal_form import difference, normal_form

COMPLETION: dict[str, Any] = {"id": "chatcmpl-" + "0a" * 16, "created": 1795431416, "model": "extractive"}
RUN: dict[str, Any] = {
    "finished_at": "2026-11-23T10:56:56.084118Z",
    "seconds": 1.5,
    "searchable": {"chunks": 289},
}
ANSWER: dict[str, Any] = {
    "hits": [{"path": "a.py", "score": 0.5}, {"path": "b.py", "score": 0.4}],
    "timings": {"rank": 5e-05},
}
VECTOR: dict[str, Any] = {"embedding": "AACAPwAAAD8="}  # 1.0, 0.5


def compared(one: object, other: object) -> str:
    """The difference of one JSON answer from another."""
    answers = (httpx2.Response(200, json=one), httpx2.Response(200, json=other))
    return difference(normal_form(answers[0]), normal_form(answers[1]), "one")


@pytest.mark.parametrize(
    ("body", "change"),
    [
        (COMPLETION, {"id": "chatcmpl-" + "1b" * 16, "created": 1795431499}),
        (RUN, {"finished_at": "2026-11-24T11:00:00Z", "seconds": 0.25}),
        (ANSWER, {"timings": {"rank": 0.25}}),
        (ANSWER, {"hits": [{"path": "a.py", "score": 0.500002}, {"path": "b.py", "score": 0.399998}]}),
        (VECTOR, {"embedding": "AQCAPwAAAD8="}),
    ],
    ids=["completion", "run", "timings", "last digits", "last bit"],
)
def test_what_must_differ_is_overlooked(body: dict[str, Any], change: dict[str, Any]) -> None:
    """Fresh ids, times, durations and the last digits of fractions are no difference."""
    assert compared(body, body | change) == ""


@pytest.mark.parametrize(
    ("body", "change", "place"),
    [
        (COMPLETION, {"id": "0a0a"}, "body.id"),
        (COMPLETION, {"created": 0}, "body.created"),
        (COMPLETION, {"model": "other"}, "body.model"),
        (COMPLETION, {"more": None}, "body.more"),
        (RUN, {"finished_at": None}, "body.finished_at"),
        (RUN, {"searchable": {"chunks": 288}}, "body.searchable.chunks"),
        (ANSWER, {"timings": {"rank": 0.1, "embed": 0.1}}, "body.timings.embed"),
        (ANSWER, {"hits": ANSWER["hits"][::-1]}, "body.hits[0].path"),
        (ANSWER, {"hits": ANSWER["hits"][:1]}, "body.hits[1].path"),
        (ANSWER, {"hits": []}, "body.hits = []"),
        (ANSWER, {"hits": [{"path": "a.py", "score": 0.5001}, ANSWER["hits"][1]]}, "body.hits[0].score"),
        (VECTOR, {"embedding": "AACAPwAAAAA="}, "body.embedding.base64[1]"),
    ],
)
def test_anything_else_is_a_difference(body: dict[str, Any], change: dict[str, Any], place: str) -> None:
    """Any other value, missing, added or in another order, is shown with its place."""
    assert place in compared(body | change, body)


def test_status_headers_and_text_count() -> None:
    """Another status, a promised header and a line of a text are differences; the date is none."""
    one = httpx2.Response(200, text="a\nb", headers={"date": "Mon", "retry-after": "1"})
    other = httpx2.Response(404, text="a\nc", headers={"date": "Tue"})
    found = difference(normal_form(one), normal_form(other), "one").splitlines()
    assert {"+status = 200", '+headers.retry-after = "1"', '+body = "b"', '-body = "c"'} <= set(found)
    assert not any("date" in line for line in found)


def test_streams_are_compared_event_by_event() -> None:
    """Pings in a stream are no difference; where its text is cut into events is one, and so is its end."""
    kind = {"content-type": "text/event-stream; charset=utf-8"}
    whole = 'data: {"text": "ab"}\n\n'
    forms = [
        normal_form(httpx2.Response(200, text=text, headers=kind))
        for text in (whole, ": ping\n\n" + whole, 'data: {"text": "a"}\n\n', whole + "data: [DONE]\n\n")
    ]
    differ = [bool(difference(form, forms[0], "stream")) for form in forms]
    assert differ == [False, False, True, True]


def test_a_long_difference_is_cut() -> None:
    """Of a vector that differs throughout, some lines are shown and the others counted."""
    lines = compared({"embedding": [0.0] * 384}, {"embedding": [1.0] * 384}).splitlines()
    assert len(lines) < 70
    assert "more lines" in lines[-1]
