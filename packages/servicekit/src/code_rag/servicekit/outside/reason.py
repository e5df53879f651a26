"""What a server outside says of a failure."""

from typing import Any

from code_rag.servicekit.outside.upstream_json import parse

_LONGEST_MESSAGE = 500


class Reason:
    """What the body of a failure says; `secret` is left out of it."""

    def __init__(self, body: bytes, secret: str) -> None:
        try:
            said = parse(body)
        except ValueError:
            said = body.decode(errors="replace")
        error = said.get("error") or said if isinstance(said, dict) else said
        fields: dict[str, Any] = error if isinstance(error, dict) else {"message": error}
        self.code = _text(fields.get("code"))
        self.param = _text(fields.get("param"))
        self.message = _message(fields.get("message") or fields.get("detail"), secret)


def _text(value: object) -> str | None:
    """The upstream's value as text: where OpenAI sends a word, some servers send a number or an object."""
    return None if value is None else str(value)[:_LONGEST_MESSAGE]


def _message(said: object, secret: str) -> str:
    """The upstream's own message, shortened and without `secret`."""
    if not isinstance(said, str) or not said.strip() or said.lstrip().startswith("<"):  # a proxy's HTML page
        return "The model server gave no reason."
    return said.strip().replace(secret, "[key]")[:_LONGEST_MESSAGE]
