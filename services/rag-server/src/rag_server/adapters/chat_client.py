"""The chat model behind llm-server, spoken to in OpenAI's streaming protocol."""

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import httpx2
from pydantic import BaseModel, Field, SecretStr, ValidationError

from rag_server.ports import Token
from servicekit.errors import Unavailable, UpstreamFailed, UpstreamTimeout
from servicekit.middleware import request_id
from servicekit.settings import bearer

PATH = "/v1/chat/completions"
CONNECT_SECONDS = 2.0
IDLE_SECONDS = 60.0
"""How long to wait for the first token, and between two of them."""


class _Delta(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    delta: _Delta = _Delta()


class _Event(BaseModel):
    model: str = ""
    choices: list[_Choice] = []
    error: dict[str, Any] | str | None = None


class _Check(BaseModel):
    status: str
    detail: str = ""


class _Health(BaseModel):
    status: str
    checks: dict[str, _Check] = {}


class _Model(BaseModel):
    id: str


class _Models(BaseModel):
    data: list[_Model] = Field(min_length=1)


class ChatClient:
    """A ChatModel over HTTP; close it when done."""

    def __init__(self, url: str, api_key: SecretStr | None, idle_seconds: float = IDLE_SECONDS) -> None:
        timeout = httpx2.Timeout(idle_seconds, connect=CONNECT_SECONDS)
        # The services talk to each other directly: a proxy in the environment is for the world outside.
        self._http = httpx2.AsyncClient(
            base_url=url, timeout=timeout, headers=bearer(api_key), trust_env=False
        )

    async def stream(self, messages: Sequence[Mapping[str, str]]) -> AsyncGenerator[Token, None]:
        """The answer in pieces; raises Unavailable, UpstreamTimeout or UpstreamFailed, also in the middle."""
        body = {"messages": [dict(message) for message in messages], "stream": True}
        with _upstream_errors():
            async with self._http.stream("POST", PATH, json=body, headers=_id()) as response:
                await _require_ok(response)
                async for event in httpx2.EventSource(response):
                    if event.data == "[DONE]":
                        return
                    if (token := _token(event.data)).text:
                        yield token
        raise UpstreamFailed("llm-server broke off its answer.")

    async def ping(self) -> str:
        """The name of the model; raises where llm-server is away, unwell or refuses the key."""
        with _upstream_errors():
            health = _Health.model_validate_json(await self._get("/health"))
            models = _Models.model_validate_json(await self._get("/v1/models"))
        if health.status != "ok":
            details = "; ".join(check.detail for check in health.checks.values() if check.status != "ok")
            raise UpstreamFailed(f"llm-server is {health.status}: {details}")
        return models.data[0].id

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def _get(self, path: str) -> bytes:
        response = await self._http.get(path, headers=_id())
        await _require_ok(response)
        return response.content


def _id() -> dict[str, str]:
    current = request_id.get()
    return {"x-request-id": current} if current else {}


def _token(data: str) -> Token:
    """The text of one event, which may be empty; raises UpstreamFailed for an error inside the stream."""
    event = _Event.model_validate_json(data)
    if event.error is not None:
        raise UpstreamFailed(f"llm-server failed: {_message(event.error)}")
    return Token("".join(choice.delta.content or "" for choice in event.choices), event.model)


async def _require_ok(response: httpx2.Response) -> None:
    if response.status_code != 200:
        await response.aread()
        raise UpstreamFailed(f"llm-server answered {response.status_code}: {_reason(response)}")


def _reason(response: httpx2.Response) -> str:
    """The message of the error envelope, or the status line's phrase where the body is none."""
    try:
        error = _Event.model_validate_json(response.content).error
    except ValidationError:
        error = None
    return _message(error) if error else response.reason_phrase


def _message(error: dict[str, Any] | str) -> str:
    return error if isinstance(error, str) else str(error.get("message", "no reason given"))


@contextmanager
def _upstream_errors() -> Iterator[None]:
    """Say what went wrong between us and llm-server in our own errors."""
    try:
        yield
    except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
        raise Unavailable("llm-server cannot be reached.", code="llm_server_away", retry_after=1) from error
    except httpx2.TimeoutException as error:
        raise UpstreamTimeout("llm-server did not answer in time.") from error
    except httpx2.HTTPError as error:
        raise UpstreamFailed(f"llm-server broke off: {error}".rstrip(": ")) from error
    except ValidationError as error:
        raise UpstreamFailed("llm-server sent something that cannot be read.") from error
