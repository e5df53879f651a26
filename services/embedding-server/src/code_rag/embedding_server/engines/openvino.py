"""The engine for CPUs that multiply in bfloat16: OpenVINO, at three times the speed of float32."""

import threading
from pathlib import Path

import numpy as np
import openvino
from numpy.typing import NDArray

from code_rag.embedding_server.engines.base import Vectors
from code_rag.embedding_server.engines.bert import BertEngine, Encoder
from code_rag.embedding_server.engines.openvino_graph import build_model
from code_rag.embedding_server.engines.processor import bfloat16

LENGTH_STEP = 16
"""Lengths are rounded up to multiples of this: for each new shape OpenVINO keeps code and buffers."""


class OpenVinoEngine(BertEngine):
    """The pinned model, computed by OpenVINO in bfloat16 where the CPU has it, and pooled in float32.

    Pooled in bfloat16 too, vectors would miss the least cosine with the reference's, 0.9999.
    """

    name = "openvino"

    @staticmethod
    def encoder(folder: Path, threads: int) -> Encoder:
        compiled, of_this_thread = _compiled(folder, threads), threading.local()

        def encode(ids: NDArray[np.int64], lengths: NDArray[np.int64]) -> Vectors:
            if not hasattr(of_this_thread, "request"):
                of_this_thread.request = compiled.create_infer_request()
            request: openvino.InferRequest = of_this_thread.request
            padded = np.pad(ids, ((0, 0), (0, -ids.shape[1] % LENGTH_STEP)))
            request.start_async({"ids": padded, "lengths": lengths}, share_inputs=True)
            request.wait()
            vectors: Vectors = request.get_output_tensor().data
            return vectors

        return encode


def _compiled(folder: Path, threads: int) -> openvino.CompiledModel:
    options = {
        "INFERENCE_PRECISION_HINT": "bf16" if bfloat16() else "f32",
        "NUM_STREAMS": threads,
        "INFERENCE_NUM_THREADS": threads,
        "ENABLE_CPU_PINNING": False,  # other services run on these CPUs too
    }
    return openvino.Core().compile_model(build_model(folder), "CPU", options)
