"""embedding-server: vectors that mean something, in its own shape and in OpenAI's."""

import base64
import math
import struct

import httpx2
import pytest
from openai import NotFoundError, OpenAI

DIMENSION = 384
MODEL = "sentence-transformers/all-MiniLM-L6-v2"


def test_one_text(embedding: httpx2.Client) -> None:
    """`text` gives one vector of length 1 with its size, its model and the tokens it took."""
    body = embedding.post("/embed", json={"text": "sunny day"}).json()
    assert set(body) == {"embedding", "dimension", "model", "tokens", "truncated"}
    assert (body["dimension"], body["model"], body["truncated"]) == (DIMENSION, MODEL, False)
    assert len(body["embedding"]) == DIMENSION
    assert math.isclose(cosine(body["embedding"], body["embedding"]), 1, abs_tol=1e-6)
    assert body["tokens"] == 4  # two words, a start and an end


def test_several_texts_keep_their_order(embedding: httpx2.Client) -> None:
    """`texts` gives the same vectors as one request per text, in the order sent, short and long mixed."""
    texts = ["open the circuit", "a " * 120, "refund", "def total(lines): return sum(lines)"]
    together = embedding.post("/embed", json={"texts": texts}).json()["embeddings"]
    alone = [embedding.post("/embed", json={"text": text}).json()["embedding"] for text in texts]
    assert all(cosine(one, other) > 0.9999 for one, other in zip(together, alone, strict=True))


def test_the_same_text_gives_the_same_vector(embedding: httpx2.Client) -> None:
    """A request repeated is answered with exactly the same numbers."""
    first, second = (embedding.post("/embed", json={"text": "idempotency key"}).json() for _ in range(2))
    assert first["embedding"] == second["embedding"]


def test_vectors_are_the_models(embedding: httpx2.Client) -> None:
    """Similar sentences are close and unrelated ones far, as published for the model."""
    texts = ["That is a happy person", "That is a very happy person", "Today is a sunny day"]
    happy, happier, sunny = embedding.post("/embed", json={"texts": texts}).json()["embeddings"]
    assert cosine(happy, happier) == pytest.approx(0.943, abs=0.002)
    assert cosine(happy, sunny) == pytest.approx(0.257, abs=0.002)


def test_long_text_is_cut_and_says_so(embedding: httpx2.Client) -> None:
    """What lies behind 256 tokens is not read, and the answer says so."""
    body = embedding.post("/embed", json={"texts": ["word " * 1000, "word " * 300, "word"]}).json()
    assert body["truncated"] == [True, True, False]
    assert body["tokens"] == [256, 256, 3]
    assert cosine(*body["embeddings"][:2]) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    "text", ["日本語のテキスト", "🛒" * 50, "\u202eabc\u0301", "a\x00b", "\r\n\t x", "x" * 20_000]
)
def test_any_text_gets_a_vector(embedding: httpx2.Client, text: str) -> None:
    """Scripts, emoji, control characters and endless words all give a finite vector of length 1."""
    response = embedding.post("/embed", json={"text": text})
    assert response.status_code == 200, response.text
    vector = response.json()["embedding"]
    assert math.isclose(cosine(vector, vector), 1, abs_tol=1e-5)


def test_openai_client_reads_floats(openai_embedding: OpenAI) -> None:
    """OpenAI's client gets float vectors in order, with the usage."""
    answer = openai_embedding.embeddings.create(model=MODEL, input=["one", "two"], encoding_format="float")
    assert [each.index for each in answer.data] == [0, 1]
    assert all(len(each.embedding) == DIMENSION for each in answer.data)
    assert answer.usage.prompt_tokens == answer.usage.total_tokens == 6


def test_openai_client_reads_base64(openai_embedding: OpenAI, embedding: httpx2.Client) -> None:
    """OpenAI's client asks for base64 by default, and decodes the numbers that `/embed` gives."""
    encoded = openai_embedding.embeddings.create(model=MODEL, input="stock").data[0].embedding
    plain = embedding.post("/embed", json={"text": "stock"}).json()["embedding"]
    assert encoded == pytest.approx(plain, abs=1e-6)


def test_base64_is_little_endian_float32(embedding: httpx2.Client) -> None:
    """The base64 form is 384 little-endian floats of four bytes."""
    body = {"model": MODEL, "input": "stock", "encoding_format": "base64"}
    raw = base64.b64decode(embedding.post("/v1/embeddings", json=body).json()["data"][0]["embedding"])
    numbers = struct.unpack(f"<{DIMENSION}f", raw)
    assert math.isclose(math.hypot(*numbers), 1, abs_tol=1e-5)


def test_the_model_is_listed(openai_embedding: OpenAI) -> None:
    """`/v1/models` lists the model under the name that requests use."""
    assert MODEL in [model.id for model in openai_embedding.models.list()]


def test_an_unknown_model_is_not_found(openai_embedding: OpenAI) -> None:
    """OpenAI's client raises NotFoundError with code model_not_found for a model that is not served."""
    with pytest.raises(NotFoundError) as raised:
        openai_embedding.embeddings.create(model="text-embedding-nothing", input="x")
    assert raised.value.code == "model_not_found"


def test_tokenize_counts_like_embed(embedding: httpx2.Client) -> None:
    """`/tokenize` counts the tokens of a text as `/embed` does, but of the whole text."""
    response = embedding.post("/tokenize", json={"text": "word " * 300})
    assert response.status_code == 200, response.text
    assert response.json()["count"] == 302


def cosine(one: list[float], other: list[float]) -> float:
    """The cosine similarity of two vectors of length 1."""
    return sum(a * b for a, b in zip(one, other, strict=True))
