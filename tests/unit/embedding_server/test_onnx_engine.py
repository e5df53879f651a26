"""The default engine computes what sentence-transformers does, however texts are batched."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from code_rag.embedding_server.embeddings import embed_texts
from code_rag.embedding_server.engines.base import Vectors
from code_rag.embedding_server.engines.onnx import OnnxEngine
from code_rag.embedding_server.engines.onnx_graph import build_graph
from code_rag.embedding_server.golden import load_golden
from tests.unit.embedding_server.conftest import ROOT

GOLDEN = ROOT / "tests/golden/vectors.json"
CASES = json.loads(GOLDEN.read_text())["cases"]


@pytest.fixture(scope="module")
def vectors(onnx_engine: OnnxEngine) -> Vectors:
    """All golden texts embedded together."""
    return embed_texts(onnx_engine, [case["text"] for case in CASES]).vectors


@pytest.mark.parametrize("index", range(len(CASES)), ids=[case["name"] for case in CASES])
def test_vectors_are_those_of_the_reference(vectors: Vectors, index: int) -> None:
    """Each golden text's vector has a cosine of at least 0.9999 with sentence-transformers'."""
    assert vectors[index] @ load_golden(GOLDEN).vectors[index] >= 0.9999


def test_tokens_are_those_of_the_reference(onnx_engine: OnnxEngine) -> None:
    """Counts of whole texts, tokens read and the mark of a cut follow from the reference's own count."""
    embeddings = embed_texts(onnx_engine, [case["text"] for case in CASES])
    counts = [case["tokens"] for case in CASES]
    assert [onnx_engine.count(case["text"]) for case in CASES] == counts
    assert embeddings.tokens == [min(count, onnx_engine.max_tokens) for count in counts]
    assert embeddings.truncated == [count > onnx_engine.max_tokens for count in counts]


@settings(max_examples=15, deadline=None)
@given(chosen=st.lists(st.integers(0, len(CASES) - 1), min_size=1, max_size=12))
def test_a_vector_does_not_depend_on_its_neighbours(
    onnx_engine: OnnxEngine, vectors: Vectors, chosen: list[int]
) -> None:
    """In any company, any order and any number, a text has the same vector to within rounding."""
    together = embed_texts(onnx_engine, [CASES[index]["text"] for index in chosen]).vectors
    np.testing.assert_allclose(together, vectors[chosen], atol=1e-5)


def test_vectors_have_length_1(vectors: Vectors) -> None:
    """Every vector is normalised, in float32."""
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_no_texts_give_no_vectors(onnx_engine: OnnxEngine) -> None:
    """Embedding nothing gives an array of no rows."""
    assert embed_texts(onnx_engine, []).vectors.shape == (0, 384)


def test_the_graph_is_valid_and_of_standard_operators(
    model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ONNX's own checker takes the graph, no node is of another domain, and no weight is copied into it."""
    serialized = build_graph(model_folder)
    monkeypatch.chdir(model_folder)  # where the checker looks for the weights
    graph = onnx.load_model_from_string(serialized)
    onnx.checker.check_model(graph, full_check=True)
    assert {node.domain for node in graph.graph.node} == {""}
    assert len(serialized) < 100_000
