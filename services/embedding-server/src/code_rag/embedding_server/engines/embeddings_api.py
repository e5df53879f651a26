"""Client of a server that answers OpenAI's `/embeddings`."""

import time
from dataclasses import dataclass
from typing import Any

import httpx2
import numpy as np

from code_rag.embedding_server import __version__
from code_rag.embedding_server.engines.api_errors import NAMED, NO_KEY, of_status, unreadable
from code_rag.embedding_server.engines.base import Vectors
from code_rag.servicekit.errors import ServiceError, UpstreamFailed, UpstreamTimeout
from code_rag.servicekit.network import is_loopback
from code_rag.servicekit.outside.reason import Reason
from code_rag.servicekit.outside.retrying import is_passing, pause_before
from code_rag.servicekit.outside.surroundings import check_proxies, parsed_url, trusted_certificates
from code_rag.servicekit.outside.upstream_connection import PEER, of_transport
from code_rag.servicekit.outside.upstream_json import parse

ANSWER_SECONDS = 60.0
"""Longest wait for the next part of an answer: a model on a slow CPU embeds 32 long texts within it."""
CONNECT_SECONDS = 5.0
RETRIES = 3
MOST_BYTES = 64 * 1024 * 1024
"""Of an answer: many times what the vectors of one request need."""
_NO_LIST = {404, 405, 501}
"""What a server answers that embeds, but lists no models."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Vectors of length 1 with shape (texts, dimension), and the tokens of all texts if the server counts."""

    vectors: Vectors
    tokens: int | None


class EmbeddingsApi:
    """The server at `base_url`, asked for `model` by any thread; close it when done.

    Raises SettingsError for a URL, a proxy or certificates that cannot be used.
    """

    def __init__(self, base_url: str, key: str | None, model: str) -> None:
        url = parsed_url(base_url, NAMED)
        direct = is_loopback(url.host)
        if not direct:
            check_proxies()
        self.host = url.host
        self._key = key or NO_KEY
        self._model = model
        self._http = httpx2.Client(
            base_url=url.copy_with(query=None),
            params=url.params,
            headers={"user-agent": f"code-rag-embedding-server/{__version__}"}
            | ({"authorization": f"Bearer {key}"} if key else {}),
            timeout=httpx2.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
            event_hooks={"request": [_note_peer]},
            follow_redirects=False,
            trust_env=not direct,  # loopback hosts are called without the environment's proxies
            verify=trusted_certificates(),
        )

    def embed(self, texts: list[str], input_type: str) -> Answer:
        """One vector per text, in order; `input_type` is sent unless it is empty.

        A request whose failure may pass is sent three times more. Raises InvalidInput for what the server
        does not embed, with code `context_length_exceeded` where that is too long; else UpstreamFailed,
        UpstreamTimeout or Overloaded.
        """
        body: dict[str, Any] = {"model": self._model, "input": texts}
        if input_type:
            body["input_type"] = input_type
        retry = 0
        while True:
            try:
                return _answer(self._ask("POST", "/embeddings", body), len(texts))
            except _Failed as failed:
                pause = pause_before(retry, failed.error.retry_after) if failed.is_passing else None
                if pause is None or retry == RETRIES:
                    raise failed.error from failed
            time.sleep(pause)
            retry += 1

    def listed(self) -> dict[str, Any]:
        """What the server lists of the model, {} if nothing; raises as `embed` does, at once."""
        try:
            answer = self._ask("GET", "/models")
        except _Failed as failed:
            if failed.status in _NO_LIST:
                return {}
            raise failed.error from failed
        data = answer.get("data") if isinstance(answer, dict) else None
        entries = data if isinstance(data, list) else []
        return next(
            (each for each in entries if isinstance(each, dict) and each.get("id") == self._model), {}
        )

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        """The answer's JSON; raises _Failed, or UpstreamFailed where there is none."""
        try:
            with self._http.stream(method, path, json=body) as response:
                content = _read(response)
        except (httpx2.ReadTimeout, httpx2.WriteTimeout) as error:
            late = f"The embeddings server at {self.host} did not answer within {ANSWER_SECONDS:g} s."
            raise _Failed(UpstreamTimeout(late), is_passing=False) from error
        except httpx2.TransportError as error:
            lost = of_transport(error, NAMED)
            raise _Failed(lost, is_passing=lost.code != "upstream_untrusted") from error
        if not response.is_success:
            reason = Reason(content, self._key)
            refused = of_status(response.status_code, response.headers, reason, self._model, self._key)
            passing = is_passing(response.status_code, reason.code or "", response.headers)
            raise _Failed(refused, is_passing=passing, status=response.status_code)
        try:
            return parse(content)
        except ValueError:
            raise unreadable("not JSON") from None


class _Failed(Exception):
    """One attempt's error, and whether another may succeed."""

    def __init__(self, error: ServiceError, *, is_passing: bool, status: int = 0) -> None:
        super().__init__(error.message)
        self.error = error
        self.is_passing = is_passing
        self.status = status


def _read(response: httpx2.Response) -> bytes:
    content = bytearray()
    try:
        for piece in response.iter_bytes():
            content += piece
            if len(content) > MOST_BYTES:
                raise UpstreamFailed(f"The embeddings server sent more than {MOST_BYTES:,} bytes at once.")
    except httpx2.DecodingError as error:
        raise UpstreamFailed("The embeddings server's answer cannot be decompressed.") from error
    return bytes(content)


def _answer(said: Any, texts: int) -> Answer:
    try:
        data = sorted(said["data"], key=lambda each: each.get("index", 0))
        vectors = np.array([each["embedding"] for each in data], np.float32)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise unreadable("not OpenAI's list of embeddings") from None
    if vectors.ndim != 2 or len(vectors) != texts:
        raise unreadable(f"not {texts} vectors of one length")
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not (np.isfinite(lengths) & (lengths > 0)).all():
        raise unreadable("a vector without length, or with numbers that are none")
    return Answer(vectors / lengths, _tokens(said.get("usage")))


def _tokens(usage: Any) -> int | None:
    """The tokens of all texts; None where the server does not count."""
    counts = (
        [usage.get(name) for name in ("prompt_tokens", "total_tokens")] if isinstance(usage, dict) else []
    )
    return next((count for count in counts if isinstance(count, int) and count > 0), None)


def _note_peer(request: httpx2.Request) -> None:
    """Record in the request which machine its connection goes to: the server, or the proxy before it."""

    def trace(event: str, info: dict[str, Any]) -> None:
        if event.endswith("connect_tcp.started"):
            request.extensions[PEER] = (info["host"], info["port"])

    request.extensions["trace"] = trace
