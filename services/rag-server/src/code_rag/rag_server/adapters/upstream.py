"""HTTP client of one of our own services that rag-server calls."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
from pydantic import BaseModel, Field, SecretStr, ValidationError

from code_rag.rag_server.adapters.tls import verify_for
from code_rag.servicekit.errors import (
    InvalidInput,
    Overloaded,
    ServiceError,
    Unavailable,
    UpstreamFailed,
    UpstreamTimeout,
)
from code_rag.servicekit.middleware import request_id
from code_rag.servicekit.settings import bearer
from code_rag.servicekit.wire.errors import ErrorEnvelope
from code_rag.servicekit.wire.health import HealthReport

CONNECT_SECONDS = 2.0
LOOK_SECONDS = 3.0
"""How long a service may take to describe itself; none of it waits for a model to write or to encode."""


class ListedModel(BaseModel):
    """A model that a service lists; `context_window` is the number of tokens that it takes."""

    id: str
    context_window: int | None = None
    reading_tokens_per_second: float | None = None


class _Models(BaseModel):
    data: list[ListedModel] = Field(min_length=1)


class Upstream:
    """A service at a URL: translates its errors and passes on the request id; close it when done."""

    def __init__(
        self,
        service: str,
        url: str,
        api_key: SecretStr | None,
        read_seconds: float,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self.service = service
        self.url = url
        self._look_seconds = look_seconds
        # The services call each other directly: a proxy in the environment is for external hosts.
        self.http = httpx2.AsyncClient(
            base_url=url,
            timeout=httpx2.Timeout(read_seconds, connect=CONNECT_SECONDS),
            headers=bearer(api_key),
            event_hooks={"request": [_pass_request_id]},
            trust_env=False,
            verify=verify_for(url),
        )

    async def ping(self) -> str:
        """The name of the service's model; raises if the service is unreachable or its status is not ok."""
        with self.errors():
            health = HealthReport.model_validate_json(await self._get("/health"))
        if health.status != "ok":
            details = [check.detail for check in health.checks.values() if check.status != "ok"]
            raise UpstreamFailed(f"{self.service} is {health.status}: {'; '.join(details)}")
        return (await self.model()).id

    async def model(self) -> ListedModel:
        """The service's first model."""
        with self.errors():
            return _Models.model_validate_json(await self._get("/v1/models")).data[0]

    async def close(self) -> None:
        """Close all connections."""
        await self.http.aclose()

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Raise the errors of a call to the service as servicekit's errors."""
        try:
            yield
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            reason = f"{self.service} does not answer at {self.url}."
            raise Unavailable(reason, code="upstream_away", retry_after=1) from error
        except (httpx2.TimeoutException, TimeoutError) as error:
            raise UpstreamTimeout(f"{self.service} did not answer in time.") from error
        except httpx2.HTTPError as error:
            raise UpstreamFailed(f"The connection to {self.service} broke: {error}".rstrip(": ")) from error
        except ValidationError as error:
            raise UpstreamFailed(f"{self.service} sent an answer in the wrong format.") from error

    def require_ok(self, response: httpx2.Response) -> None:
        """Raise the error of a response that was read completely; return if it is a success."""
        if response.is_success:
            return
        status, message = response.status_code, _message(response)
        wait = _retry_after(response)
        errors: dict[int, ServiceError] = {
            400: InvalidInput(message),
            413: InvalidInput(message),
            429: Overloaded(f"{self.service} is busy: {message}", retry_after=wait),
            503: Unavailable(f"{self.service} is not ready: {message}", retry_after=wait),
        }
        raise errors.get(status, UpstreamFailed(f"{self.service} answered {status}: {message}"))

    async def _get(self, path: str) -> bytes:
        async with asyncio.timeout(self._look_seconds):
            response = await self.http.get(path)
        self.require_ok(response)
        return response.content


async def _pass_request_id(request: httpx2.Request) -> None:
    if current := request_id.get():
        request.headers["x-request-id"] = current


def _message(response: httpx2.Response) -> str:
    try:
        return ErrorEnvelope.model_validate_json(response.content).error.message
    except ValidationError:
        return response.reason_phrase


def _retry_after(response: httpx2.Response) -> float | None:
    value = response.headers.get("retry-after", "")
    return float(value) if value.isdecimal() else None
