"""What holds for any text, sent over HTTP to the real model."""

import base64
import json
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from code_rag.embedding_server.engines.base import Vectors
from code_rag.embedding_server.engines.onnx import OnnxEngine
from tests.unit.embedding_server.conftest import serving

any_text = st.text(st.characters(exclude_categories=()), max_size=400)
"""Halves of characters too, which JSON can spell."""
readable = st.text(min_size=1, max_size=400).filter(str.strip)
mixed = st.lists(readable, min_size=1, max_size=8)
several = settings(max_examples=40, deadline=None)


@pytest.fixture(scope="module")
def client(onnx_engine: OnnxEngine) -> Iterator[TestClient]:
    """A client of a service around the real model, which embeds a text each time that it is sent."""
    with serving(onnx_engine, embedding_cache_mb=0) as ready:
        yield ready


def embedded(client: TestClient, texts: Sequence[str]) -> Vectors:
    """The vectors of the texts, sent together."""
    answer = client.post("/embed", json={"texts": texts})
    assert answer.status_code == 200, answer.text
    return np.array(answer.json()["embeddings"], np.float32)


@several
@given(texts=st.lists(readable | any_text, min_size=1, max_size=3))
def test_any_text_gets_a_vector_or_a_reason(client: TestClient, texts: list[str]) -> None:
    """Whatever Unicode is sent, each text has a vector of length 1, or a 400 names the one that has none."""
    answer = client.post(
        "/embed", content=json.dumps({"texts": texts}), headers={"content-type": "application/json"}
    )
    if answer.status_code == 200:
        vectors = np.array(answer.json()["embeddings"])
        assert vectors.shape == (len(texts), 384)
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    else:
        assert answer.status_code == 400
        blank = [f"index {index} is empty" for index, text in enumerate(texts) if not text.strip()]
        halves = [
            f"index {index} holds half a character"
            for index, text in enumerate(texts)
            if any("\ud800" <= character <= "\udfff" for character in text)
        ]
        assert any(reason in answer.json()["error"]["message"] for reason in blank + halves)


@several
@given(texts=mixed)
def test_a_batch_is_as_good_as_one_at_a_time(client: TestClient, texts: list[str]) -> None:
    """A text's vector is the same to 1e-5 whatever it is sent with, and stands in the text's place."""
    one_by_one = np.concatenate([embedded(client, [text]) for text in texts])
    np.testing.assert_allclose(embedded(client, texts), one_by_one, atol=1e-5)


@several
@given(texts=mixed)
def test_base64_holds_the_same_numbers(client: TestClient, texts: list[str]) -> None:
    """OpenAI's base64 decodes to the numbers that its floats are, rounded to eight decimals."""
    bodies = [
        client.post("/v1/embeddings", json={"input": texts, "encoding_format": encoding}).json()["data"]
        for encoding in ("float", "base64")
    ]
    for as_float, as_base64 in zip(*bodies, strict=True):
        numbers = np.frombuffer(base64.b64decode(as_base64["embedding"]), "<f4")
        np.testing.assert_allclose(numbers, as_float["embedding"], atol=1e-7)
