"""Writes vectors as JSON, row by row: thousands at once would block every other request."""

import base64
from collections.abc import Iterator, Mapping
from typing import Literal

import numpy as np
from pydantic_core import to_json

from code_rag.embedding_server.embeddings import Embeddings
from code_rag.embedding_server.engines.base import Vectors

DECIMALS = 8  # float32's own precision for numbers of this size, in half as many characters


def embedded_text(embeddings: Embeddings, model: str) -> bytes:
    """The body that EmbeddedText describes, for the first text."""
    (vector,) = _numbers(embeddings.vectors[:1])
    rest = {
        "dimension": embeddings.vectors.shape[1],
        "model": model,
        "tokens": embeddings.tokens[0],
        "truncated": embeddings.truncated[0],
    }
    return _with_first("embedding", vector, rest)


def embedded_texts(embeddings: Embeddings, model: str) -> bytes:
    """The body that EmbeddedTexts describes."""
    rest = {
        "dimension": embeddings.vectors.shape[1],
        "model": model,
        "tokens": embeddings.tokens,
        "truncated": embeddings.truncated,
    }
    return _with_first("embeddings", _array(_numbers(embeddings.vectors)), rest)


def openai_answer(embeddings: Embeddings, model: str, encoding: Literal["float", "base64"]) -> bytes:
    """The body that OpenAIAnswer describes."""
    values = _numbers(embeddings.vectors) if encoding == "float" else _base64(embeddings.vectors)
    data = (
        b'{"object":"embedding","index":%d,"embedding":%s}' % (index, value)
        for index, value in enumerate(values)
    )
    total = sum(embeddings.tokens)
    rest = {
        "object": "list",
        "model": model,
        "usage": {"prompt_tokens": total, "total_tokens": total},
        "tokens": embeddings.tokens,
        "truncated": [index for index, truncated in enumerate(embeddings.truncated) if truncated],
    }
    return _with_first("data", _array(data), rest)


def _numbers(vectors: Vectors) -> Iterator[bytes]:
    return (to_json(np.round(vector.astype(np.float64), DECIMALS).tolist()) for vector in vectors)


def _base64(vectors: Vectors) -> Iterator[bytes]:
    return (b'"%s"' % base64.b64encode(vector.astype("<f4").tobytes()) for vector in vectors)


def _array(items: Iterator[bytes]) -> bytes:
    return b"[" + b",".join(items) + b"]"


def _with_first(key: str, value: bytes, rest: Mapping[str, object]) -> bytes:
    return b'{"%s":%s,%s' % (key.encode(), value, to_json(rest)[1:])
