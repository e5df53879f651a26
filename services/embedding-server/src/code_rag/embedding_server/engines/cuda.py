"""The engine for NVIDIA GPUs: sentence-transformers on PyTorch, in float16."""

from collections.abc import Sequence

import torch

from code_rag.embedding_server.engines import EngineUnusable
from code_rag.embedding_server.engines.base import Tokens, Vectors
from code_rag.embedding_server.engines.sentence_transformers import SentenceTransformersEngine

MOST_BATCH_TOKENS = 65_536
BYTES_PER_TOKEN = 64 * 1024
"""Memory that one token of a batch takes at most, in a model of MiniLM's size."""
LEAST_BATCH_TOKENS = 1_024


class CudaEngine(SentenceTransformersEngine):
    """The model on the first GPU; two inferences at once, so that one is prepared while the other runs."""

    name = "cuda"
    lanes = 2
    inference_tokens = 1_024  # launching the kernels takes as long as computing so many

    def __init__(self, model: str, location: str, threads: int) -> None:
        if not torch.cuda.is_available():
            raise EngineUnusable(f"PyTorch {torch.__version__} cannot use a GPU here")
        super().__init__(model, location, threads, device="cuda")
        self._model.half()
        free, _ = torch.cuda.mem_get_info()
        fitting = free // BYTES_PER_TOKEN // self.lanes
        if fitting < LEAST_BATCH_TOKENS:
            raise EngineUnusable(f"only {free // 1_000_000:,} MB of the GPU's memory are free")
        self.batch_tokens = min(MOST_BATCH_TOKENS, fitting)

    def forward(self, batch: Sequence[Tokens]) -> Vectors:
        try:
            return super().forward(batch)
        except torch.cuda.OutOfMemoryError:
            # Another process has taken memory meanwhile: the batcher tries again with halves.
            torch.cuda.empty_cache()
            self.batch_tokens = max(LEAST_BATCH_TOKENS, self.batch_tokens // 2)
            raise
