"""The layer around every app: request ids, the key, the body limit, metrics."""

import pytest

from code_rag.servicekit.health import Health
from tests.unit.servicekit.conftest import Client


def test_a_sound_request_id_comes_back_as_it_was(client: Client) -> None:
    """A caller can follow its own id."""
    assert client().get("/orders/1", headers={"x-request-id": "a-1.b_2"}).headers["x-request-id"] == "a-1.b_2"


@pytest.mark.parametrize("bad", ["", "a b", "x" * 65, 'quote"', "semi;colon"])
def test_a_request_id_that_could_forge_a_log_line_is_replaced(client: Client, bad: str) -> None:
    """What is not a plain word of at most 64 characters gives way to a fresh id."""
    given = client().get("/orders/1", headers={"x-request-id": bad}).headers["x-request-id"]
    assert given != bad
    assert len(given) == 32


def test_two_requests_get_two_ids(client: Client) -> None:
    """Generated ids differ."""
    shop = client()
    assert shop.get("/orders/1").headers["x-request-id"] != shop.get("/orders/1").headers["x-request-id"]


@pytest.mark.parametrize("header", [None, "Bearer wrong", "Basic key", "key", "Bearer  "])
def test_with_a_key_set_a_call_without_it_is_a_401(client: Client, header: str | None) -> None:
    """Only the exact bearer key opens a route."""
    headers = {} if header is None else {"authorization": header}
    response = client(api_key="key").get("/orders/1", headers=headers)
    assert (response.status_code, response.json()["error"]["code"]) == (401, "invalid_api_key")


@pytest.mark.parametrize("path", ["/health", "/livez", "/metrics"])
def test_probes_and_metrics_need_no_key(client: Client, health: Health, path: str) -> None:
    """A kubelet has no key."""
    health.ready()
    assert client(api_key="key").get(path).status_code == 200


def test_the_right_key_opens(client: Client) -> None:
    """The scheme is case-insensitive, the key is not."""
    assert client(api_key="key").get("/orders/1", headers={"authorization": "bearer key"}).status_code == 200


def test_a_body_declared_too_large_is_a_413(client: Client) -> None:
    """A declared length over the limit is refused before it is read."""
    response = client(max_body_bytes=10).post("/orders", content=b"x" * 11)
    assert (response.status_code, response.json()["error"]["code"]) == (413, "request_too_large")


def test_a_body_that_grows_too_large_is_a_413(client: Client) -> None:
    """A body without a length is counted as it comes."""
    pieces = iter([b"x" * 6, b"x" * 6])
    headers = {"content-type": "application/json"}
    response = client(max_body_bytes=10).post("/orders", content=pieces, headers=headers)
    assert (response.status_code, response.json()["error"]["code"]) == (413, "request_too_large")


def test_metrics_count_by_route_template(client: Client) -> None:
    """Two orders are one label, so that labels stay few."""
    shop = client()
    shop.get("/orders/1")
    shop.get("/orders/2")
    assert (
        'http_requests_total{method="GET",route="/orders/{number}",status="200"} 2.0'
        in shop.get("/metrics").text
    )
