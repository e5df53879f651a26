"""The forty requests whose answers may not depend on where and how the services run."""

from dataclasses import dataclass

PROMPT = """Context, as numbered blocks of source code:

[1] shop/refunds.py:40-42 (refund_window)
40| def refund_window(order):
41|     # A customer may ask for a refund within 30 days of delivery.
42|     return order.delivered + timedelta(days=30)

Question: Within how many days may a customer ask for a refund?"""
CHAT = {"messages": [{"role": "system", "content": "Cite."}, {"role": "user", "content": PROMPT}]}
STREAM = {"stream": True, "stream_options": {"include_usage": True}}

# No two hits of these searches have the same score in one list: their order would be the store's own.
WHY = "How is the check digit of an EAN-13 barcode computed?"
ASK = {"messages": [{"role": "user", "content": "Hello"}, {"role": "user", "content": WHY}]}
NARROW = {"query": "order total with discount", "path": "order-service", "language": "python", "limit": 20}
FIVE_MB = b" " * (5 * 1024 * 1024)


@dataclass(frozen=True, slots=True)
class Request:
    """One request and the status that it gets; `body` is sent as JSON, or as it is where it is bytes."""

    name: str
    service: str
    method: str
    path: str
    body: object = None
    status: int = 200


FORTY = (
    Request("embedding-server's health", "embedding", "GET", "/health"),
    Request("embedding-server's API", "embedding", "GET", "/openapi.json"),
    Request("embedding-server's model", "embedding", "GET", "/v1/models"),
    Request("one text", "embedding", "POST", "/embed", {"text": "the refund window of an order"}),
    Request("several texts", "embedding", "POST", "/embed", {"texts": ["stock", "a " * 99, "def f(): ..."]}),
    Request("a text that is cut", "embedding", "POST", "/embed", {"text": "word " * 1000}),
    Request("a text in Unicode", "embedding", "POST", "/embed", {"text": "日本語 🛒 e\u0301 \u202ex\x00"}),
    Request("an empty text", "embedding", "POST", "/embed", {"text": ""}, 400),
    Request("OpenAI's floats", "embedding", "POST", "/v1/embeddings", {"input": ["one", "two"]}),
    Request("base64", "embedding", "POST", "/v1/embeddings", {"input": "one", "encoding_format": "base64"}),
    Request("tokens", "embedding", "POST", "/tokenize", {"text": "def restocking_fee(order): ..."}),
    Request("a wrong method", "embedding", "PUT", "/embed", {"text": "x"}, 405),
    Request("malformed JSON", "embedding", "POST", "/embed", b'{"text": ', 400),
    Request("a body too large", "embedding", "POST", "/embed", FIVE_MB, 413),
    Request("llm-server's health", "llm", "GET", "/health"),
    Request("llm-server's liveness", "llm", "GET", "/livez"),
    Request("llm-server's API", "llm", "GET", "/openapi.json"),
    Request("llm-server's models", "llm", "GET", "/v1/models"),
    Request("a completion", "llm", "POST", "/v1/chat/completions", CHAT),
    Request("a streamed completion", "llm", "POST", "/v1/chat/completions", CHAT | STREAM),
    Request("an unknown model", "llm", "POST", "/chat/completions", CHAT | {"model": "none"}, 404),
    Request("an unknown path", "llm", "GET", "/no/such/path", status=404),
    Request("rag-server's health", "rag", "GET", "/health"),
    Request("rag-server's API", "rag", "GET", "/openapi.json"),
    Request("rag-server's model", "rag", "GET", "/v1/models"),
    Request("the index", "rag", "GET", "/index"),
    Request("a search by meaning", "rag", "POST", "/search", {"query": "when do loyalty points expire?"}),
    Request("a search by name", "rag", "POST", "/search", {"query": "restocking_fee", "limit": 5}),
    Request("a narrowed search", "rag", "POST", "/search", NARROW),
    Request("a search in Unicode", "rag", "POST", "/search", {"query": "🛒 Rückgabe \u202erefund"}),
    Request("an empty search", "rag", "POST", "/search", {"query": " \t"}, 400),
    Request("a question", "rag", "POST", "/ask", {"question": WHY}),
    Request("a streamed answer", "rag", "POST", "/ask", {"question": WHY, "stream": True}),
    Request("a chat", "rag", "POST", "/v1/chat/completions", ASK),
    Request("a streamed chat", "rag", "POST", "/v1/chat/completions", ASK | STREAM),
    Request("a file", "rag", "GET", "/files/warehouse/ean13.c"),
    Request("a missing file", "rag", "GET", "/files/warehouse/none.c", status=404),
    Request("a file outside", "rag", "GET", "/files/..%2f..%2fetc%2fpasswd", status=404),
    Request("the page", "rag", "GET", "/"),
    Request("the page's script", "rag", "GET", "/static/main.js"),
)
