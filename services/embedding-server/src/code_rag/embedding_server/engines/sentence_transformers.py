"""The reference engine: sentence-transformers on PyTorch, for any model that it can load."""

from collections.abc import Sequence
from threading import Lock

import torch
from sentence_transformers import SentenceTransformer

from code_rag.embedding_server.engines.base import Tokens, Vectors


class SentenceTransformersEngine:
    """The model in the folder `location`, or of that name on the hub, computed by `threads` threads."""

    batch_tokens = 512

    def __init__(self, model: str, location: str, threads: int) -> None:
        torch.set_num_threads(threads)
        self.model = model
        self._model = SentenceTransformer(location)
        self.dimension: int = self._model.get_embedding_dimension()
        self.max_tokens: int = self._model.max_seq_length
        self._tokenizing = Lock()  # a call with truncation changes the tokenizer for all

    def tokenize(self, text: str) -> Tokens:
        ids, truncated = self._ids(text), False
        if len(ids) > self.max_tokens:
            ids, truncated = self._ids(text, truncation=True, max_length=self.max_tokens), True
        return Tokens(ids, truncated)

    def count(self, text: str) -> int:
        return len(self._ids(text))

    def forward(self, batch: Sequence[Tokens]) -> Vectors:
        rows = {"input_ids": [list(row.ids) for row in batch]}
        features = self._model.tokenizer.pad(rows, return_tensors="pt").to(self._model.device)
        with torch.inference_mode():
            vectors = self._model(dict(features))["sentence_embedding"]
            normalized: Vectors = torch.nn.functional.normalize(vectors.float()).cpu().numpy()
        return normalized

    def _ids(self, text: str, **options: bool | int) -> list[int]:
        with self._tokenizing:
            ids: list[int] = self._model.tokenizer(text, verbose=False, **options)["input_ids"]
        return ids
