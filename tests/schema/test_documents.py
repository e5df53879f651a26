"""The OpenAPI documents read well, and can be read."""

from dataclasses import replace
from typing import Any

import pytest

from tests.schema.conftest import SERVICES, Service

OPEN = {"/health", "/livez", "/metrics"}


def document_of(service: Service) -> dict[str, Any]:
    with service.client() as client:
        document: dict[str, Any] = client.get("/openapi.json").json()
    return document


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, each) for path, of in document["paths"].items() for method, each in of.items()]


def test_each_operation_says_what_it_does(service: Service) -> None:
    """Each has a sentence of its own as its summary, a tag, and the schema of its errors."""
    found = operations(document_of(service))
    assert len(found) >= 7
    for path, method, operation in found:
        assert " " in operation["summary"], path
        assert operation["summary"] != operation["operationId"].replace("_", " ").title(), path
        assert operation["tags"], path
        assert "422" not in operation["responses"], path
        assert ("413" in operation["responses"]) is (method == "post"), path
        for status, response in operation["responses"].items():
            if int(status) >= 400 and path not in OPEN:
                schema = response["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/ErrorEnvelope"}, path


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_no_post_takes_what_a_form_can_send(service: Service, kind: str | None) -> None:
    """Each POST requires a body, in JSON alone: a browser asks before another site's page sends that."""
    posts = [
        (path, operation) for path, method, operation in operations(document_of(service)) if method == "post"
    ]
    assert posts
    with service.client() as client:
        for path, operation in posts:
            assert operation["requestBody"]["required"] is True, path
            assert set(operation["requestBody"]["content"]) == {"application/json"}, path
            for body in (b"", b"{}"):
                answer = client.post(path, content=body, headers={"content-type": kind} if kind else {})
                assert answer.status_code == 400, (path, body)


@pytest.mark.parametrize("name", SERVICES)
def test_the_document_names_the_key_where_one_is_needed(
    name: str, opened: dict[str, Service], locked: dict[str, Service]
) -> None:
    """With API_KEY every operation but the probes needs a bearer key; without it none does."""
    closed, free = document_of(locked[name]), document_of(opened[name])
    assert closed["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    assert {path for path, _, operation in operations(closed) if "security" not in operation} == OPEN
    assert "securitySchemes" not in free["components"]
    assert not [path for path, _, operation in operations(free) if "security" in operation]


def test_the_document_needs_no_key(service: Service) -> None:
    """A browser's tab cannot send a key: the document is open, and no page loads scripts for it."""
    with replace(service, headers={}).client() as client:
        document, page = client.get("/openapi.json"), client.get("/docs", headers=service.headers)
    assert (document.status_code, page.status_code) == (200, 404)


def test_head_is_get_without_a_body(service: Service) -> None:
    """`HEAD` answers wherever `GET` does, with the same status and type and no body."""
    with service.client() as client:
        for path in ("/health", "/v1/models", "/metrics"):
            head, get = client.head(path), client.get(path)
            assert (head.status_code, head.content) == (get.status_code, b"")
            assert head.headers["content-type"] == get.headers["content-type"]


def test_a_wrong_method_is_answered_with_the_right_ones(service: Service) -> None:
    """A 405 lists every method of the path, whichever of its routes is first."""
    with service.client() as client:
        for path, of in document_of(service)["paths"].items():
            answer = client.request("TRACE", path.replace("{", "").replace("}", ""))
            methods = {method.upper() for method in of} | ({"HEAD"} if "get" in of else set())
            assert answer.status_code == 405
            assert set(answer.headers["allow"].split(", ")) == methods
