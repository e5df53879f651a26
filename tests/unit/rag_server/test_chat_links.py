"""Links from a chat into the page."""

import pytest
from fastapi import Request

from code_rag.rag_server.routes.chat.links import link, page_of


def a_request(scheme: str = "http", root_path: str = "", **headers: str) -> Request:
    """A request with these headers."""
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "scheme": scheme, "path": "/", "root_path": root_path, "headers": raw})


@pytest.mark.parametrize(
    ("request_", "public_url", "page"),
    [
        (a_request(host="localhost:8000"), None, "http://localhost:8000/"),
        (a_request("https", host="[::1]:8000"), None, "https://[::1]:8000/"),
        (a_request(host="code.example", x_forwarded_proto="https, http"), None, "https://code.example/"),
        (a_request(host="code.example", x_forwarded_proto="javascript"), None, "http://code.example/"),
        (a_request(host="code.example", root_path="/rag"), None, "http://code.example/rag/"),
        (a_request(host="rag-server:8000"), "https://code.example/rag", "https://code.example/rag/"),
        (a_request(host="a.example)](http://b.example"), None, ""),
        (a_request(), None, ""),
    ],
)
def test_the_page_is_where_the_client_found_us(request_: Request, public_url: str | None, page: str) -> None:
    """The setting counts first, then the request's own host; what is no host makes no link."""
    assert page_of(request_, public_url) == page


def test_a_link_survives_any_path() -> None:
    """Characters that would end a link in Markdown or a path in the hash are escaped."""
    assert link("http://h/", "a b/[id] (1)+&#%.tsx", 3, 9) == (
        "http://h/#file=a%20b/%5Bid%5D%20%281%29%2B%26%23%25.tsx:3-9"
    )
