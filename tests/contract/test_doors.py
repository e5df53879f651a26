"""Nobody's web page gets in, at any service, wherever it runs."""

import httpx2
import pytest

from tests.contract.envelope import error_of

SERVICES = ["embedding", "llm", "rag"]
FOREIGN = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
READS = ["/health", "/livez", "/metrics", "/openapi.json", "/v1/models", "/"]


@pytest.mark.parametrize("path", READS)
def test_a_name_that_is_not_ours_is_refused(service: httpx2.Client, path: str) -> None:
    """A page whose name was made to lead here (DNS rebinding) gets a 421 and no data."""
    error = error_of(service.get(path, headers={"host": "evil.example"}), 421)
    assert error["code"] == "unknown_host"
    assert "ALLOWED_HOSTS" in error["message"]


@pytest.mark.parametrize("name", SERVICES)
def test_the_services_own_names_are_answered(request: pytest.FixtureRequest, name: str) -> None:
    """In Compose and a cluster others call by these names, on this machine by those, at whatever port."""
    client: httpx2.Client = request.getfixturevalue(name)
    own = f"{name}-server"
    names = [
        own,
        f"{own}:8000",
        f"{own}.code-rag",
        f"{own}.code-rag.svc",
        f"{own}.code-rag.svc.cluster.local",
    ]
    for host in [*names, "localhost:54321", "127.0.0.1", "[::1]:8000"]:
        assert client.get("/livez", headers={"host": host}).status_code == 200, host


@pytest.mark.parametrize("path", READS)
def test_a_page_of_another_origin_is_refused(service: httpx2.Client, path: str) -> None:
    """It may not read, and is not let off by a preflight."""
    assert error_of(service.get(path, headers=FOREIGN), 403)["code"] == "cross_origin"
    asked = service.options(path, headers=FOREIGN | {"access-control-request-method": "GET"})
    error_of(asked, 403)
    assert "access-control-allow-origin" not in asked.headers


@pytest.mark.parametrize(
    ("name", "path"),
    [("embedding", "/embed"), ("llm", "/v1/chat/completions"), ("rag", "/index"), ("rag", "/ask")],
)
@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_what_a_form_can_send_is_refused(
    request: pytest.FixtureRequest, name: str, path: str, kind: str | None
) -> None:
    """A POST that a browser sends anywhere without asking is a 400, though its text is JSON."""
    client: httpx2.Client = request.getfixturevalue(name)
    headers = {"content-type": kind} if kind else {}
    error = error_of(client.post(path, content=b"{}", headers=headers), 400)
    assert "application/json" in error["message"]


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_no_page_loads_scripts_from_elsewhere(service: httpx2.Client, path: str) -> None:
    """The pages of documentation that would do so are off."""
    error_of(service.get(path), 404)
