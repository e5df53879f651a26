"""The default engine: ONNX Runtime on the CPU."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from code_rag.embedding_server.engines.base import Prefixes, Tokens, Vectors
from code_rag.embedding_server.engines.onnx_graph import build_graph
from code_rag.embedding_server.engines.pooling import mean_pool, pad
from code_rag.embedding_server.engines.wordpiece import WordPiece
from code_rag.embedding_server.pinned_model import MINILM

# Official builds since 1.29 send telemetry to their maker unless this is set before the import.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import onnxruntime


class OnnxEngine:
    """The checkpoint in the folder `location`, computed by `threads` threads in float32."""

    lanes = 1
    batch_tokens = 512  # fills two cores, while a search during indexing waits for one inference at most
    space = MINILM.space  # it serves no other model
    prompts = Prefixes()

    def __init__(self, model: str, location: str, threads: int) -> None:
        folder = Path(location)
        self.model = model
        self.dimension: int = json.loads((folder / "config.json").read_text())["hidden_size"]
        self.max_tokens: int = json.loads((folder / "sentence_bert_config.json").read_text())[
            "max_seq_length"
        ]
        self._wordpiece = WordPiece(folder / "tokenizer.json", self.max_tokens)
        self._session = _session(folder, threads)

    def tokenize(self, text: str) -> Tokens:
        return self._wordpiece.tokenize(text)

    def count(self, text: str) -> int:
        return self._wordpiece.count(text)

    def forward(self, batch: Sequence[Tokens]) -> Vectors:
        ids, lengths = pad(batch)
        (hidden,) = self._session.run(["hidden"], {"ids": ids, "lengths": lengths})
        return mean_pool(hidden, lengths)


def _session(folder: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Batches differ in shape: an arena would keep memory for the largest it ever held.
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    # Threads that spin between two batches take CPU time from the other services.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", str(folder))
    graph = build_graph(folder)
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
