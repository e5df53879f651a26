"""Every answer carries the id of its request, so that one id finds it in every log."""

import re

import httpx2
import pytest


def test_a_given_id_comes_back(service: httpx2.Client) -> None:
    """The caller's own x-request-id is kept."""
    response = service.get("/livez", headers={"x-request-id": "check-out_42.a"})
    assert response.headers["x-request-id"] == "check-out_42.a"


def test_a_missing_id_is_made(service: httpx2.Client) -> None:
    """Requests without an id get one, and no two the same."""
    ids = {service.get("/livez").headers["x-request-id"] for _ in range(5)}
    assert len(ids) == 5
    assert all(re.fullmatch(r"[a-zA-Z0-9_.-]{8,64}", each) for each in ids)


@pytest.mark.parametrize("bad", ["x" * 65, "two words", "a;b", "<script>", "{}", "é".encode("latin-1")])
def test_a_bad_id_is_replaced(service: httpx2.Client, bad: str | bytes) -> None:
    """An id that could forge a header or a log line is replaced by a fresh one."""
    raw = bad if isinstance(bad, bytes) else bad.encode()
    response = service.get("/livez", headers=[(b"x-request-id", raw)])
    assert re.fullmatch(r"[a-zA-Z0-9_.-]{8,64}", response.headers["x-request-id"])
    assert response.headers["x-request-id"].encode() != raw


def test_error_answers_carry_the_id(service: httpx2.Client) -> None:
    """A 404 carries the caller's id like any other answer."""
    response = service.get("/no/such/route", headers={"x-request-id": "lost"})
    assert (response.status_code, response.headers["x-request-id"]) == (404, "lost")


def test_rejected_bodies_carry_the_id(service: httpx2.Client) -> None:
    """A body turned away for its size carries the caller's id too."""
    response = service.post("/any", content=b"x" * (33 * 1024 * 1024), headers={"x-request-id": "big"})
    assert (response.status_code, response.headers["x-request-id"]) == (413, "big")


def test_streams_carry_the_id(indexed: httpx2.Client) -> None:
    """A streamed answer carries the caller's id from its first byte."""
    question = {"question": "When is delivery free?", "stream": True}
    with indexed.stream("POST", "/ask", json=question, headers={"x-request-id": "flow"}) as response:
        assert response.headers["x-request-id"] == "flow"
