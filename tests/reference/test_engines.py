"""Every engine computes what sentence-transformers does; run by `make test-reference`, which installs it."""

import json
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from code_rag.embedding_server.embeddings import embed_texts
from code_rag.embedding_server.engines import ENGINES
from code_rag.embedding_server.engines.base import Engine
from code_rag.embedding_server.golden import load_golden
from code_rag.embedding_server.loading import load_engine
from code_rag.embedding_server.model_files import resolve, sources_of
from code_rag.embedding_server.pinned_model import MINILM
from code_rag.embedding_server.settings import Settings

GOLDEN = Path(__file__).parents[1] / "golden/vectors.json"
CASES = json.loads(GOLDEN.read_text())["cases"]
TEXTS = [case["text"] for case in CASES]
LEAST_COSINE = 0.9999


ON_THIS_MACHINE = [name for name, spec in ENGINES.items() if name != "cuda" or spec.suits()]


@pytest.fixture(scope="module", params=ON_THIS_MACHINE)
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn, loaded as the service loads it."""
    return load_engine(Settings(embedding_engine=request.param))


def test_the_golden_vectors_are_what_sentence_transformers_says_today() -> None:
    """The vectors on file are those that the installed reference computes by itself, tokenizer and all."""
    reference = SentenceTransformer(str(resolve(MINILM, sources_of(Settings())).path), device="cpu")
    assert reference.max_seq_length == 256
    vectors = reference.encode(TEXTS, normalize_embeddings=True)
    assert (vectors * load_golden(GOLDEN).vectors).sum(axis=1).min() >= LEAST_COSINE


def test_vectors(engine: Engine) -> None:
    """Every golden text has a cosine of at least 0.9999 with the reference's vector, in one large request."""
    cosines = (embed_texts(engine, TEXTS).vectors * load_golden(GOLDEN).vectors).sum(axis=1)
    assert dict(zip([case["name"] for case in CASES], cosines, strict=True)) == pytest.approx(
        {case["name"]: 1.0 for case in CASES}, abs=1 - LEAST_COSINE
    )


def test_tokens(engine: Engine) -> None:
    """Counts, tokens read and cuts agree with the reference's tokenizer."""
    embeddings = embed_texts(engine, TEXTS)
    counts = [case["tokens"] for case in CASES]
    assert [engine.count(text) for text in TEXTS] == counts
    assert embeddings.tokens == [min(count, 256) for count in counts]
    assert embeddings.truncated == [count > 256 for count in counts]


def test_vectors_are_float32_of_length_1(engine: Engine) -> None:
    """Every vector is normalised, of 384 numbers in float32."""
    vectors = embed_texts(engine, TEXTS[:3]).vectors
    assert vectors.dtype == np.float32
    assert vectors.shape == (3, 384)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_the_reference_engine_takes_any_model() -> None:
    """A model that is not the pinned one is loaded as sentence-transformers would, here from a folder."""
    folder = str(resolve(MINILM, sources_of(Settings())).path)
    engine = load_engine(Settings(embedding_engine="sentence-transformers", embedding_model=folder))
    assert (engine.model, engine.dimension, engine.max_tokens) == (folder, 384, 256)
