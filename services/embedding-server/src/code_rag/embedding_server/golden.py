"""A few texts with their vectors from sentence-transformers: an engine that differs must not serve."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from code_rag.embedding_server.embeddings import embed_texts
from code_rag.embedding_server.engines.base import Engine, Vectors

SELF_TEST = Path(__file__).with_name("golden.json")
LEAST_COSINE = 0.9999


class SelfTestFailed(Exception):
    """The engine's vectors are not the model's; the message names a text and its cosine."""


@dataclass(frozen=True, slots=True)
class GoldenVectors:
    """Texts and their expected vectors, with shape (texts, dimension), of length 1."""

    texts: Sequence[str]
    vectors: Vectors


def load_golden(file: Path = SELF_TEST) -> GoldenVectors:
    """Read the file of scripts/make_golden_vectors.py: vectors are base64 of little-endian float32."""
    cases = json.loads(file.read_text())["cases"]
    raw = b"".join(base64.b64decode(case["vector"]) for case in cases)
    vectors = np.frombuffer(raw, "<f4").reshape(len(cases), -1)
    return GoldenVectors([case["text"] for case in cases], vectors)


def check_engine(engine: Engine, golden: GoldenVectors) -> None:
    """Raise SelfTestFailed unless every vector has a cosine of at least 0.9999 with the golden one."""
    vectors = embed_texts(engine, golden.texts).vectors
    if vectors.shape != golden.vectors.shape:
        raise SelfTestFailed(f"Vectors have {vectors.shape[1]} dimensions, not {golden.vectors.shape[1]}.")
    cosines = (vectors * golden.vectors).sum(axis=1)
    worst = int(np.argmin(cosines))
    if not cosines[worst] >= LEAST_COSINE:  # in this form NaN fails too
        raise SelfTestFailed(
            f"The vector of {golden.texts[worst][:40]!r} has cosine {cosines[worst]:.5f} with the expected "
            f"one, below {LEAST_COSINE}: this engine does not compute {engine.model} correctly."
        )
