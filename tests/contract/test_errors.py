"""Whatever is sent, the answer is a clear sentence in one shape, and the service stays well."""

import httpx2
import pytest

from tests.contract.envelope import error_of

TOO_LARGE = 33 * 1024 * 1024
"""More than any service takes: llm-server takes prompts with images."""
ENDPOINTS = {
    "embedding": ["/embed", "/v1/embeddings", "/tokenize"],
    "llm": ["/chat/completions", "/v1/chat/completions"],
    "rag": ["/search", "/ask", "/v1/chat/completions"],
}
EVERY_ENDPOINT = [(service, path) for service, paths in ENDPOINTS.items() for path in paths]


@pytest.fixture
def endpoint(request: pytest.FixtureRequest) -> tuple[httpx2.Client, str]:
    """The client and the path of one endpoint that takes a body."""
    service, path = request.param
    return request.getfixturevalue(service), path


every_endpoint = pytest.mark.parametrize("endpoint", EVERY_ENDPOINT, indirect=True, ids="-".join)


@every_endpoint
@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b"[]", b'"text"', b"{}", b"\xff\xfe\x00", b"[" * 100_000, b'{"a":' * 50_000, b"NaN"],
    ids=[
        "empty",
        "cut",
        "null",
        "list",
        "string",
        "no fields",
        "not UTF-8",
        "deep lists",
        "deep objects",
        "NaN",
    ],
)
def test_a_body_that_is_not_a_request(endpoint: tuple[httpx2.Client, str], body: bytes) -> None:
    """Whatever is not a JSON object with the right fields is a 400."""
    client, path = endpoint
    error_of(client.post(path, content=body, headers={"content-type": "application/json"}), 400)


@every_endpoint
def test_a_body_too_large(endpoint: tuple[httpx2.Client, str]) -> None:
    """More than the service takes is a 413, whether announced or sent without a length."""
    client, path = endpoint
    error_of(client.post(path, content=b" " * TOO_LARGE), 413)
    pieces = (b" " * 65536 for _ in range(TOO_LARGE // 65536))
    error_of(client.post(path, content=pieces, headers={"content-type": "application/json"}), 413)


@every_endpoint
def test_the_wrong_method(endpoint: tuple[httpx2.Client, str]) -> None:
    """A method the endpoint does not have is a 405 that names those it has."""
    client, path = endpoint
    response = client.put(path, json={})
    assert error_of(response, 405)["code"] == "method_not_allowed"
    assert "POST" in response.headers["allow"]


@pytest.mark.parametrize(
    "path", ["/nothing", "/v1", "/v1/nothing", "/embed/x", "/index/x", "/..", "//", "/%00"]
)
def test_an_unknown_route(service: httpx2.Client, path: str) -> None:
    """An address that does not exist is a 404 with the envelope."""
    error_of(service.post("/", json={}, extensions={"target": path.encode()}), 404)


LONG = "x" * 8001
LONG_QUESTION = "x" * 100_001
BAD_FIELDS = [
    ("embedding", "/embed", {"text": 5}),
    ("embedding", "/embed", {"text": None}),
    ("embedding", "/embed", {"text": ""}),
    ("embedding", "/embed", {"texts": ["one", " "]}),
    ("embedding", "/embed", {"texts": []}),
    ("embedding", "/embed", {"texts": "one"}),
    ("embedding", "/embed", {"texts": ["one", None]}),
    ("embedding", "/embed", {"text": "one", "texts": ["two"]}),
    ("embedding", "/embed", {"texts": ["x"] * 2049}),
    ("embedding", "/v1/embeddings", {"model": "sentence-transformers/all-MiniLM-L6-v2", "input": []}),
    ("embedding", "/v1/embeddings", {"model": "sentence-transformers/all-MiniLM-L6-v2", "input": {"a": 1}}),
    ("embedding", "/v1/embeddings", {"input": "x", "encoding_format": "hex"}),
    ("embedding", "/v1/embeddings", {"input": "x", "dimensions": 7}),
    ("llm", "/v1/chat/completions", {"messages": []}),
    ("llm", "/v1/chat/completions", {"messages": "hello"}),
    ("llm", "/v1/chat/completions", {"messages": [{"content": "no role"}]}),
    ("llm", "/v1/chat/completions", {"messages": [{"role": "user", "content": 5}]}),
    ("llm", "/v1/chat/completions", {"messages": [{"role": "user", "content": "x"}], "stream": "perhaps"}),
    ("rag", "/search", {"query": ""}),
    ("rag", "/search", {"query": " \t\n\u00a0"}),
    ("rag", "/search", {"query": None}),
    ("rag", "/search", {"query": 5}),
    ("rag", "/search", {"query": ["refund"]}),
    ("rag", "/search", {"query": LONG}),
    ("rag", "/search", {"query": "refund", "limit": 0}),
    ("rag", "/search", {"query": "refund", "limit": -1}),
    ("rag", "/search", {"query": "refund", "limit": 101}),
    ("rag", "/search", {"query": "refund", "limit": 10**30}),
    ("rag", "/search", {"query": "refund", "limit": "many"}),
    ("rag", "/search", {"query": "refund", "limit": 1.5}),
    ("rag", "/search", {"query": "refund", "path": 5}),
    ("rag", "/search", {"query": "refund", "path": "x" * 4097}),
    ("rag", "/search", {"query": "refund", "language": "x" * 65}),
    ("rag", "/ask", {"question": ""}),
    ("rag", "/ask", {"question": " \t\n\u00a0"}),
    ("rag", "/ask", {"question": None}),
    ("rag", "/ask", {"question": LONG_QUESTION}),
    ("rag", "/ask", {"question": "why?", "stream": "perhaps"}),
    ("rag", "/ask", {"question": "why?", "limit": 31}),
    ("rag", "/v1/chat/completions", {"model": "code-rag", "messages": []}),
    ("rag", "/v1/chat/completions", {"model": "code-rag", "messages": [{"role": "system", "content": "x"}]}),
    ("rag", "/v1/chat/completions", {"model": "code-rag", "messages": [{"role": "user", "content": " "}]}),
    ("rag", "/index", {"path": 5}),
    ("rag", "/index", {"path": "../"}),
    ("rag", "/index", {"path": "/etc"}),
    ("rag", "/index", {"path": "a\x00b"}),
    ("rag", "/index", {"path": "x" * 4097}),
]


@pytest.mark.parametrize(
    ("name", "path", "body"),
    BAD_FIELDS,
    ids=[f"{name}{path}-{str(body)[:50]}" for name, path, body in BAD_FIELDS],
)
def test_a_bad_field(request: pytest.FixtureRequest, name: str, path: str, body: dict[str, object]) -> None:
    """A field of the wrong type or outside its range is a 400 with a sentence about it."""
    client: httpx2.Client = request.getfixturevalue(name)
    error = error_of(client.post(path, json=body), 400)
    assert len(error["message"]) < 1000


@pytest.mark.parametrize(
    ("name", "path", "body"),
    [
        ("embedding", "/embed", b'{"text": "\\ud800"}'),
        ("embedding", "/v1/embeddings", b'{"input": "\\udfff x"}'),
        ("rag", "/search", b'{"query": "refund \\ud800"}'),
        ("rag", "/ask", b'{"question": "refund \\udc00"}'),
        ("rag", "/search", b'{"query": "refund", "path": "\\ud800"}'),
        ("rag", "/index", b'{"path": "\\ud800"}'),
    ],
)
def test_a_lone_surrogate(request: pytest.FixtureRequest, name: str, path: str, body: bytes) -> None:
    """Half a character, which no UTF-8 can hold, is a 400 and not a crash."""
    client: httpx2.Client = request.getfixturevalue(name)
    error_of(client.post(path, content=body, headers={"content-type": "application/json"}), 400)


TRAVERSALS = [
    "../../../../../../etc/passwd",
    "order-service/../../../../../../../etc/passwd",
    "%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
    "%252e%252e%252f%252e%252e%252fetc%252fpasswd",
    "..%5c..%5c..%5cetc%5cpasswd",
    "....//....//....//etc/passwd",
    "%c0%ae%c0%ae/%c0%ae%c0%ae/etc/passwd",
    "%ef%bc%8e%ef%bc%8e/etc/passwd",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "file:///etc/passwd",
    "~/.ssh/id_rsa",
    ".",
    "order-service",
    "no/such/file.py",
    "x" * 5000,
]


@pytest.mark.parametrize("path", TRAVERSALS, ids=lambda path: path[:40])
def test_files_stay_inside_the_codebase(rag: httpx2.Client, path: str) -> None:
    """However a path outside the codebase is spelt, it is not found, like one that does not exist."""
    error_of(rag.get("/", extensions={"target": f"/files/{path}".encode()}), 404)


@pytest.mark.parametrize("path", ["a%00b", "%00", "order-service/orders/refunds.py%00.txt"])
def test_a_nul_in_a_file_name(rag: httpx2.Client, path: str) -> None:
    """A NUL in a path is a 400."""
    error_of(rag.get("/", extensions={"target": f"/files/{path}".encode()}), 400)


def test_an_unknown_model_of_each_server(
    embedding: httpx2.Client, llm: httpx2.Client, rag: httpx2.Client
) -> None:
    """A model that is not served is a 404 with code model_not_found, everywhere."""
    chat = {"model": "nothing", "messages": [{"role": "user", "content": "x"}]}
    answers = [
        embedding.post("/embed", json={"text": "x", "model": "nothing"}),
        embedding.post("/v1/embeddings", json={"input": "x", "model": "nothing"}),
        llm.post("/v1/chat/completions", json=chat),
        rag.post("/v1/chat/completions", json=chat),
    ]
    assert [error_of(answer, 404)["code"] for answer in answers] == ["model_not_found"] * 4


def test_the_services_are_well_afterwards(
    embedding: httpx2.Client, llm: httpx2.Client, indexed: httpx2.Client
) -> None:
    """After all that bad input each service still answers what it is for."""
    assert embedding.post("/embed", json={"text": "x"}).status_code == 200
    assert (
        llm.post("/chat/completions", json={"messages": [{"role": "user", "content": "x"}]}).status_code
        == 200
    )
    assert indexed.post("/search", json={"query": "refund"}).json()["hits"]
