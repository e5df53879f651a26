"""The engine for every CPU: ONNX Runtime, in float32."""

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from code_rag.embedding_server.engines.base import Vectors
from code_rag.embedding_server.engines.bert import BertEngine, Encoder
from code_rag.embedding_server.engines.onnx_graph import build_graph

# Official builds since 1.29 send telemetry to their maker unless this is set before the import.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import onnxruntime


class OnnxEngine(BertEngine):
    """The pinned model, computed by ONNX Runtime."""

    name = "onnx"

    @staticmethod
    def encoder(folder: Path, threads: int) -> Encoder:
        session = _session(folder)

        def encode(ids: NDArray[np.int64], lengths: NDArray[np.int64]) -> Vectors:
            (hidden,) = session.run(["hidden"], {"ids": ids, "lengths": lengths})
            vectors: Vectors = hidden
            return vectors

        return encode


def _session(folder: Path) -> onnxruntime.InferenceSession:
    """One session for all threads: it computes each call in the thread that makes it."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # Batches differ in shape: an arena would keep memory for the largest it ever held.
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", str(folder))
    graph = build_graph(folder)
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
