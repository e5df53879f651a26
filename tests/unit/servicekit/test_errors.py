"""Every failure answers in OpenAI's envelope, with the right status and no internals."""

from typing import Any

import httpx2
import pytest

from tests.unit.servicekit.conftest import Client


def error_of(response: httpx2.Response) -> dict[str, Any]:
    assert set(response.json()) == {"error"}
    assert set(response.json()["error"]) == {"message", "type", "param", "code"}
    error: dict[str, Any] = response.json()["error"]
    return error


def test_an_error_of_ours_carries_its_own_status_and_fields(client: Client) -> None:
    """A raised ServiceError becomes the answer, field by field."""
    response = client().get("/upstream")
    assert response.status_code == 502
    assert error_of(response) == {
        "message": "The model said no.",
        "type": "upstream_error",
        "param": "model",
        "code": "upstream_auth",
    }


def test_retry_after_is_whole_seconds_rounded_up(client: Client) -> None:
    """A caller is never told to come back too early."""
    response = client().get("/busy")
    assert (response.status_code, response.headers["retry-after"]) == (429, "2")


@pytest.mark.parametrize(
    ("body", "param"), [({"amount": 0}, "amount"), ({"amount": "many"}, "amount"), ({}, "amount"), ([], None)]
)
def test_a_wrong_field_is_a_400_that_names_it(client: Client, body: str, param: str | None) -> None:
    """Validation answers 400, not FastAPI's 422, and says which field."""
    response = client().post("/orders", json=body)
    assert response.status_code == 400
    assert error_of(response)["param"] == param


def test_broken_json_is_called_what_it_is(client: Client) -> None:
    """A body that does not parse is `invalid_json`."""
    response = client().post("/orders", content=b"{", headers={"content-type": "application/json"})
    assert (response.status_code, error_of(response)["code"]) == (400, "invalid_json")


def test_a_number_too_long_to_be_read_is_named(client: Client) -> None:
    """An integer of more digits than Python reads is the caller's mistake, and said to be one."""
    content = b'{"amount": %s}' % (b"9" * 5000)
    response = client().post("/orders", content=content, headers={"content-type": "application/json"})
    assert (response.status_code, error_of(response)["code"]) == (400, "invalid_json")
    assert "too many digits" in error_of(response)["message"]


def test_a_body_that_is_not_called_json_is_told_how_to_be(client: Client) -> None:
    """A forgotten content type is named, not blamed on the fields."""
    response = client().post("/orders", content=b'{"amount": 1}')
    assert response.status_code == 400
    assert "content-type: application/json" in error_of(response)["message"]


def test_an_upstream_failure_asks_clients_not_to_multiply_the_retries(client: Client) -> None:
    """OpenAI's clients stop at `x-should-retry: false`; other errors leave it to them."""
    assert client().get("/upstream").headers["x-should-retry"] == "false"
    assert "x-should-retry" not in client().get("/busy").headers


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [("GET", "/nowhere", 404, "not_found"), ("DELETE", "/orders", 405, "method_not_allowed")],
)
def test_a_wrong_route_or_method_answers_in_the_envelope(
    client: Client, method: str, path: str, status: int, code: str
) -> None:
    """Starlette's own errors look like ours."""
    response = client().request(method, path)
    assert (response.status_code, error_of(response)["code"]) == (status, code)


def test_a_bug_is_a_500_that_tells_nothing_of_itself(client: Client) -> None:
    """An exception nobody foresaw leaks neither its text nor a trace, and keeps its request id."""
    response = client().get("/bug", headers={"x-request-id": "abc"})
    assert response.status_code == 500
    assert "secret" not in response.text
    assert "Traceback" not in response.text
    assert error_of(response)["code"] == "internal_error"
    assert response.headers["x-request-id"] == "abc"
