"""The engine that computes nothing: another server embeds, over OpenAI's API."""

import asyncio
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from code_rag.embedding_server.engines import OUTSIDE
from code_rag.embedding_server.engines.api_errors import TOO_LONG
from code_rag.embedding_server.engines.base import Prefixes, Tokens, Vectors
from code_rag.embedding_server.engines.embeddings_api import EmbeddingsApi
from code_rag.embedding_server.engines.token_estimate import beginning, estimate
from code_rag.embedding_server.planning import INFERENCE_TOKENS
from code_rag.servicekit.errors import InvalidInput, ServiceError, UpstreamFailed
from code_rag.servicekit.health import CheckResult

TEXTS_PER_REQUEST = 32
"""What text-embeddings-inference accepts at most; other servers take more."""
ASSUMED_MAX_TOKENS = 512
"""Where neither the server nor EMBEDDING_MAX_TOKENS says: what most embedding models read."""
_LIMITS = ("max_tokens", "max_model_len", "max_context_length", "context_length", "context_window")
"""Under which of these names servers list it; the first is our own, the second vLLM's."""
PROBE = "def area(width: float, height: float) -> float:\n    return width * height"
SIGNS = 12
_QUERY, _DOCUMENT = "\x02", "\x03"


@dataclass(slots=True)
class OutsideText(Tokens):
    """A text that another server tokenizes: of `ids` only the number counts, which is estimated at first."""

    text: str
    input_type: str


@dataclass(frozen=True, slots=True)
class InputTypes:
    """What the server calls questions, and what is searched in; empty: it is sent none."""

    query: str = ""
    document: str = ""


class OpenAIEngine:
    """`model` at another server; `max_tokens` None takes what the server lists.

    Loading asks for one vector. Where the server wants an `input_type`, a text's first character says which:
    the prefixes put it there, so that the same words as a query and as a document are two texts to everyone.
    Raises what EmbeddingsApi does.
    """

    name = OUTSIDE
    why = "EMBEDDING_ENGINE names it"
    lanes = 4
    batch_tokens = 8192
    inference_tokens = INFERENCE_TOKENS

    def __init__(
        self,
        api: EmbeddingsApi,
        model: str,
        *,
        prefixes: Prefixes,
        input_types: InputTypes,
        max_tokens: int | None,
    ) -> None:
        self.model = model
        self._api = api
        self._types = input_types
        self._failure = ""
        typed = input_types != InputTypes()
        query, document = (_QUERY, _DOCUMENT) if typed else ("", "")
        self.prompts = Prefixes(query + prefixes.query, document + prefixes.document)
        listed = None if max_tokens else _limit(api.listed())
        self.max_tokens = max_tokens or listed or ASSUMED_MAX_TOKENS
        self._assumed = not (max_tokens or listed)
        (vector,) = api.embed([PROBE], input_types.document).vectors
        self.dimension = len(vector)
        self.space = _space(model, input_types, vector)

    def tokenize(self, text: str) -> OutsideText:
        """The text, and an estimate of its tokens; what is too long by it is left out."""
        content, input_type = self._typed(text)
        count = estimate(content)
        read = content if count <= self.max_tokens else beginning(content, self.max_tokens)
        return OutsideText(range(min(count, self.max_tokens)), read != content, read, input_type)

    def count(self, text: str) -> int:
        """An estimate: no server counts without embedding."""
        return estimate(self._typed(text)[0])

    def forward(self, batch: Sequence[Tokens]) -> Vectors:
        """One vector per text; the texts' counts become the server's."""
        rows = [row for row in batch if isinstance(row, OutsideText)]
        vectors = np.empty((len(rows), self.dimension), np.float32)
        try:
            for input_type in sorted({row.input_type for row in rows}):
                of_type = [index for index, row in enumerate(rows) if row.input_type == input_type]
                for start in range(0, len(of_type), TEXTS_PER_REQUEST):
                    group = of_type[start : start + TEXTS_PER_REQUEST]
                    vectors[group] = self._embed([rows[index] for index in group])
        except InvalidInput:
            raise
        except ServiceError as error:
            self._failure = error.message
            raise
        self._failure = ""
        return vectors

    async def check(self) -> CheckResult:
        """How the server is; after a failure it is asked for its list of models, which is free."""
        if self._failure:
            try:
                await asyncio.to_thread(self._api.listed)
                self._failure = ""
            except ServiceError as error:
                return CheckResult("degraded", error.message)
        limit = f"{self.max_tokens} tokens of a text"
        assumed = ", assumed because the server does not say: EMBEDDING_MAX_TOKENS sets it"
        return CheckResult("ok", f"at {self._api.host}, reads {limit}{assumed if self._assumed else ''}")

    def close(self) -> None:
        """Close all connections."""
        self._api.close()

    def _typed(self, text: str) -> tuple[str, str]:
        """The text as the server gets it, and its input type."""
        if self._types == InputTypes():
            return text, ""
        if text.startswith(_QUERY):
            return text[1:], self._types.query
        return text.removeprefix(_DOCUMENT), self._types.document

    def _embed(self, rows: Sequence[OutsideText]) -> Vectors:
        """Vectors of one request; what the server finds too long is halved, or a single text shortened."""
        try:
            answer = self._api.embed([row.text for row in rows], rows[0].input_type)
        except InvalidInput as error:
            if error.code != TOO_LONG or (len(rows) == 1 and len(rows[0].text) < 16):
                raise
            if len(rows) == 1:
                rows[0].text = rows[0].text[: len(rows[0].text) * 3 // 4]
                rows[0].truncated = True
                return self._embed(rows)
            half = len(rows) // 2
            return np.concatenate([self._embed(rows[:half]), self._embed(rows[half:])])
        if answer.vectors.shape[1] != self.dimension:
            raise UpstreamFailed(
                f"The embeddings server answers with {answer.vectors.shape[1]} dimensions now, not "
                f"{self.dimension}: it has another model named {self.model}. Restart embedding-server."
            )
        if answer.tokens:
            _share(answer.tokens, rows)
        return answer.vectors


def _share(total: int, rows: Sequence[OutsideText]) -> None:
    """Divide the server's count of all texts among them as the estimates are, so that the sum is right."""
    estimated = np.cumsum([len(row.ids) for row in rows])
    shares = np.diff(np.round(estimated * (total / estimated[-1])).astype(int), prepend=0)
    for row, share in zip(rows, shares, strict=True):
        row.ids = range(int(share))


def _limit(listed: dict[str, Any]) -> int | None:
    sizes = (listed.get(name) for name in _LIMITS)
    return next((size for size in sizes if isinstance(size, int) and size > 0), None)


def _space(model: str, input_types: InputTypes, vector: Vectors) -> str:
    """A digest of the model's name, its dimension, and what it makes of a text, roughly.

    Of the vector only the signs of twelve sums count: servers such as OpenAI's give a text slightly different
    vectors each time, and a fingerprint that changed with them would have every index made again.
    """
    chosen = hashlib.shake_128(b"signs").digest(SIGNS * len(vector))
    patterns = np.where(np.frombuffer(chosen, np.uint8) < 128, -1.0, 1.0).reshape(SIGNS, len(vector))
    signs = [bool(total > 0) for total in patterns @ vector]
    says = [model, len(vector), input_types.query, input_types.document, signs]
    return hashlib.sha256(json.dumps(says).encode()).hexdigest()
