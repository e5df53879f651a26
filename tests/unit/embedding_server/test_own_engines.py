"""Our own engines compute what sentence-transformers does, however texts are batched."""

import json
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from code_rag.embedding_server.embeddings import embed_texts
from code_rag.embedding_server.engines import ENGINES
from code_rag.embedding_server.engines.base import Engine, Vectors
from code_rag.embedding_server.engines.onnx_graph import build_graph
from code_rag.embedding_server.engines.processor import bfloat16
from code_rag.embedding_server.golden import load_golden
from code_rag.embedding_server.pinned_model import MINILM
from tests.unit.embedding_server.conftest import ROOT

GOLDEN = ROOT / "tests/golden/vectors.json"
CASES = json.loads(GOLDEN.read_text())["cases"]


HERE = [name for name in ("onnx", "openvino") if name == "onnx" or find_spec("openvino")]
"""OpenVINO is built for x86-64; `make dev` installs it there."""


@pytest.fixture(scope="module", params=HERE)
def engine(request: pytest.FixtureRequest, model_folder: Path) -> Engine:
    """Each engine that is installed, on one thread."""
    return ENGINES[request.param].load()(MINILM.name, str(model_folder), 1)


@pytest.fixture(scope="module")
def vectors(engine: Engine) -> Vectors:
    """All golden texts embedded together."""
    return embed_texts(engine, [case["text"] for case in CASES]).vectors


@pytest.mark.parametrize("index", range(len(CASES)), ids=[case["name"] for case in CASES])
def test_vectors_are_those_of_the_reference(vectors: Vectors, index: int) -> None:
    """Each golden text's vector has a cosine of at least 0.9999 with sentence-transformers'."""
    assert vectors[index] @ load_golden(GOLDEN).vectors[index] >= 0.9999


def test_tokens_are_those_of_the_reference(engine: Engine) -> None:
    """Counts of whole texts, tokens read and the mark of a cut follow from the reference's own count."""
    embeddings = embed_texts(engine, [case["text"] for case in CASES])
    counts = [case["tokens"] for case in CASES]
    assert [engine.count(case["text"]) for case in CASES] == counts
    assert embeddings.tokens == [min(count, engine.max_tokens) for count in counts]
    assert embeddings.truncated == [count > engine.max_tokens for count in counts]


@settings(max_examples=15, deadline=None)
@given(chosen=st.lists(st.integers(0, len(CASES) - 1), min_size=1, max_size=12))
def test_a_vector_does_not_depend_on_its_neighbours(
    engine: Engine, vectors: Vectors, chosen: list[int]
) -> None:
    """In any company, any order and any number, a text has the same vector to within rounding."""
    together = embed_texts(engine, [CASES[index]["text"] for index in chosen]).vectors
    in_bfloat16 = engine.name == "openvino" and bfloat16()
    np.testing.assert_allclose(together, vectors[chosen], atol=2e-3 if in_bfloat16 else 1e-5)


def test_vectors_have_length_1(vectors: Vectors) -> None:
    """Every vector is normalised, in float32."""
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_no_texts_give_no_vectors(engine: Engine) -> None:
    """Embedding nothing gives an array of no rows."""
    assert embed_texts(engine, []).vectors.shape == (0, 384)


def test_inferences_run_side_by_side(model_folder: Path, engine: Engine, vectors: Vectors) -> None:
    """As many threads as an engine has lanes embed at once, each its own texts."""
    several = ENGINES[engine.name].load()(MINILM.name, str(model_folder), 3)
    assert several.lanes == 3
    rows = [several.tokenize(case["text"]) for case in CASES]
    with ThreadPoolExecutor(several.lanes) as threads:
        found = list(threads.map(lambda row: several.forward([row])[0], rows * 5))
    cosines = (np.stack(found) * np.tile(vectors, (5, 1))).sum(axis=1)
    assert cosines.min() >= 0.9999


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
