"""The doors as callers meet them: before the key, on every route, and what every answer says to browsers."""

from collections.abc import Mapping
from typing import Any

import pytest
import structlog

from code_rag.servicekit.settings import ServiceSettings
from tests.unit.servicekit.conftest import Client

PATHS = ["/orders/1", "/health", "/livez", "/metrics", "/openapi.json", "/nowhere"]
CHAT = "https://chat.example"


@pytest.mark.parametrize("path", PATHS)
def test_another_name_is_a_421_everywhere(client: Client, path: str) -> None:
    """No route answers a page whose name leads here, whether or not a key is set."""
    for shop in (client(), client(api_key="key")):
        answer = shop.get(path, headers={"host": "evil.example"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (421, "unknown_host")
        assert "'evil.example'" in answer.json()["error"]["message"]
        assert answer.headers["x-request-id"]


@pytest.mark.parametrize("path", PATHS)
def test_another_origin_is_a_403_everywhere(client: Client, path: str) -> None:
    """No route answers a page of another origin, and no answer lets it read the refusal."""
    answer = client().get(path, headers={"origin": "https://evil.example"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "cross_origin")
    assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(
    "kind", [None, "", "text/plain", "text/plain; application/json", "multipart/form-data"]
)
def test_a_body_is_json_by_its_type(client: Client, kind: str | None) -> None:
    """What a form or a fetch without CORS can send is refused, though its text is JSON."""
    headers = {} if kind is None else {"content-type": kind}
    answer = client().post("/orders", content=b'{"amount": 1}', headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_value")


@pytest.mark.parametrize("path", [*PATHS, "/bug"])
def test_every_answer_is_for_its_own_origin(client: Client, path: str) -> None:
    """Routes, errors and refusals say that they may not be framed, embedded, sniffed or run."""
    for headers in ({}, {"host": "evil.example"}):
        answer = client().get(path, headers=headers)
        assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/docs/oauth2-redirect"])
def test_no_page_runs_anothers_scripts(client: Client, path: str) -> None:
    """FastAPI's own pages, which load theirs from a CDN, are off."""
    assert client().get(path).status_code == 404


def preflight(origin: str) -> Mapping[str, str]:
    """What a browser asks before a page of `origin` may post JSON with a key."""
    return {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
    }


def test_an_allowed_origin_may_call_and_read(client: Client) -> None:
    """With ALLOWED_ORIGINS the browser is let through without a key, the call only with one."""
    shop = client(api_key="key", allowed_origins=f"{CHAT}, http://localhost:3000")
    asked = shop.options("/orders", headers=preflight(CHAT))
    assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (200, CHAT)
    headers = {"origin": CHAT, "sec-fetch-site": "cross-site"}
    refused = shop.post("/orders", json={"amount": 1}, headers=headers)
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, CHAT)
    placed = shop.post("/orders", json={"amount": 1}, headers=headers | {"authorization": "Bearer key"})
    assert (placed.status_code, placed.headers["access-control-allow-origin"]) == (200, CHAT)
    assert "access-control-allow-credentials" not in placed.headers


@pytest.mark.parametrize("settings", [{}, {"allowed_origins": CHAT}])
def test_other_origins_stay_outside(client: Client, settings: dict[str, str]) -> None:
    """Neither without the setting nor beside the origins in it is a preflight answered with yes."""
    answer = client(**settings).options("/orders", headers=preflight("https://evil.example"))
    assert answer.status_code in (400, 403)
    assert "access-control-allow-origin" not in answer.headers


def test_an_allowed_host_is_answered(client: Client) -> None:
    """Names in ALLOWED_HOSTS are separated by commas."""
    shop = client(allowed_hosts="rag.example, other.example")
    assert shop.get("/orders/1", headers={"host": "other.example:443"}).status_code == 200


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("allowed_hosts", "*"), ("allowed_hosts", "https://a.example"), ("allowed_hosts", "a.example:80"),
        ("allowed_origins", "*"), ("allowed_origins", "a.example"), ("allowed_origins", "https://a.example/"),
        ("allowed_origins", "https://*.example"), ("allowed_origins", "null"),
    ],
)  # fmt: skip
def test_what_would_never_match_stops_the_start(field: str, value: str) -> None:
    """No wildcard, and no name or origin in another form."""
    values: dict[str, Any] = {field: value}
    with pytest.raises(ValueError, match=rf"{field}(.|\n)*write (names|origins) such as"):
        ServiceSettings(port=1, **values)


@pytest.mark.parametrize(
    ("settings", "warned"),
    [
        ({}, False),
        ({"host": "::1"}, False),
        ({"host": "0.0.0.0", "api_key": "key"}, False),  # noqa: S104
        ({"host": "0.0.0.0"}, True),  # noqa: S104
        ({"host": "::"}, True),
        ({"host": "192.168.0.9"}, True),
    ],
)
def test_an_open_door_is_warned_of(client: Client, settings: dict[str, str], warned: bool) -> None:
    """The log says so where other machines can call and no key is set, and only there."""
    with structlog.testing.capture_logs() as lines:
        client(**settings)
    said = [line["event"] for line in lines if line["log_level"] == "warning"]
    assert len(said) == warned
    assert all(f"HOST={settings['host']}" in line and "API_KEY" in line for line in said)


def test_require_key_refuses_to_start_without_one(client: Client) -> None:
    """REQUIRE_KEY says which variable is absent, and starts where that is set."""
    with pytest.raises(ValueError, match="no API_KEY is set"):
        client(require_key=True)
    assert client(require_key=True, api_key="key").get("/orders/1").status_code == 401
