"""The reference engine: sentence-transformers on PyTorch, for any model that it can load."""

import hashlib
from collections.abc import Mapping, Sequence

import torch
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer

from code_rag.embedding_server.engines.base import Prefixes, Tokens, Vectors
from code_rag.embedding_server.pinned_model import MINILM
from code_rag.embedding_server.planning import INFERENCE_TOKENS


class SentenceTransformersEngine:
    """The model in the folder `location`, or of that name on the hub, computed by `threads` threads."""

    name = "sentence-transformers"
    why = ""
    lanes = 1
    batch_tokens = 512
    inference_tokens = INFERENCE_TOKENS

    def __init__(self, model: str, location: str, threads: int, device: str = "cpu") -> None:
        torch.set_num_threads(threads)
        self.model = model
        # It comes as for training, with dropout.
        self._model = SentenceTransformer(location, device=device).eval()
        self.dimension: int = self._model.get_embedding_dimension()
        self.max_tokens: int = self._model.max_seq_length
        self.space = MINILM.space if model == MINILM.name else _space(self._model)
        self.prompts = _prompts(self._model.prompts)
        whole = self._model.tokenizer.backend_tokenizer.to_str()
        self._whole, self._truncating = Tokenizer.from_str(whole), Tokenizer.from_str(whole)
        for tokenizer in (self._whole, self._truncating):
            tokenizer.no_padding()
        self._whole.no_truncation()
        self._truncating.enable_truncation(self.max_tokens)

    def tokenize(self, text: str) -> Tokens:
        ids = _ids(self._whole, text)
        truncated = len(ids) > self.max_tokens
        return Tokens(_ids(self._truncating, text) if truncated else ids, truncated)

    def count(self, text: str) -> int:
        return len(_ids(self._whole, text))

    def decode(self, ids: Sequence[int]) -> str:
        try:
            text = self._whole.decode(list(ids), skip_special_tokens=True)
        except OverflowError:
            text = ""
        special = set(self._model.tokenizer.all_special_ids)
        if [id for id in _ids(self._whole, text) if id not in special] != [
            id for id in ids if id not in special
        ]:
            raise ValueError("this model's tokenizer splits no text into these token ids: send text")
        return text

    def forward(self, batch: Sequence[Tokens]) -> Vectors:
        rows = {"input_ids": [list(row.ids) for row in batch]}
        features = self._model.tokenizer.pad(rows, return_tensors="pt").to(self._model.device)
        with torch.inference_mode():
            vectors = self._model(dict(features))["sentence_embedding"]
            normalized: Vectors = torch.nn.functional.normalize(vectors.float()).cpu().numpy()
        return normalized


def _ids(tokenizer: Tokenizer, text: str) -> list[int]:
    # A batch of one: unlike `encode` it lets other Python threads run meanwhile.
    (encoding,) = tokenizer.encode_batch_fast([text])
    ids: list[int] = encoding.ids
    return ids


def _space(model: SentenceTransformer) -> str:
    """A digest of the weights, the tokenizer, and the modules with their options, such as pooling."""
    digest = hashlib.sha256(repr(model).encode())
    digest.update(model.tokenizer.backend_tokenizer.to_str().encode())
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.cpu().contiguous().view(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def _prompts(prompts: Mapping[str, str]) -> Prefixes:
    """The prefixes of the model's own configuration, chosen as `encode_query` and `encode_document` do."""
    document = next((name for name in ("document", "passage", "corpus") if name in prompts), "")
    return Prefixes(prompts.get("query") or "", prompts.get(document) or "")
