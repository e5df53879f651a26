"""Asks for a streamed answer, and reads what came."""

import json
from dataclasses import dataclass, field
from typing import Any

import httpx2

HELLO: dict[str, Any] = {"messages": [{"role": "user", "content": "hello"}]}


@dataclass(frozen=True)
class Answer:
    """The text of a stream, its error if it ended in one, and whether it ended as complete."""

    status: int
    text: str
    error: dict[str, Any]
    done: bool
    headers: httpx2.Headers
    models: set[str] = field(default_factory=set)
    """Which models wrote it, as its chunks say."""
    usage: dict[str, Any] | None = None

    @property
    def complete(self) -> bool:
        """Whether a client takes the text for the whole answer."""
        return self.done and not self.error


def ask(gateway: httpx2.Client, **fields: Any) -> Answer:
    """The streamed answer to a greeting, with `fields` in the request."""
    response = gateway.post("/v1/chat/completions", json=HELLO | {"stream": True} | fields)
    if not response.is_success:
        return Answer(response.status_code, "", response.json()["error"], False, response.headers)
    payloads = [
        line.removeprefix("data: ") for line in response.text.split("\n") if line.startswith("data: ")
    ]
    events = [json.loads(payload) for payload in payloads if payload != "[DONE]"]
    choices = [choice for event in events for choice in event.get("choices", [])]
    text = "".join(choice["delta"].get("content") or "" for choice in choices)
    errors = [event["error"] for event in events if "error" in event]
    models = {event["model"] for event in events if event.get("choices")}
    usage = next((event["usage"] for event in events if event.get("usage")), None)
    error, done = errors[0] if errors else {}, "[DONE]" in payloads
    return Answer(200, text, error, done, response.headers, models, usage)


def post(gateway: httpx2.Client, **fields: Any) -> httpx2.Response:
    """The answer to a greeting that is not streamed."""
    return gateway.post("/v1/chat/completions", json=HELLO | fields)
