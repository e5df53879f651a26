"""The one shape in which every service reports an error."""

from typing import Any

import httpx2

TYPES = {
    400: "invalid_request_error",
    403: "permission_error",
    404: "invalid_request_error",
    405: "invalid_request_error",
    413: "invalid_request_error",
    421: "invalid_request_error",
}


def error_of(response: httpx2.Response, status: int) -> dict[str, Any]:
    """The error inside `response`, once it is sure that it has `status` and OpenAI's envelope."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"].startswith("application/json")
    assert response.headers["x-request-id"]
    body = response.json()
    assert set(body) == {"error"}
    error: dict[str, Any] = body["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["type"] == TYPES[status]
    assert error["message"]
    assert "Traceback" not in response.text
    return error
