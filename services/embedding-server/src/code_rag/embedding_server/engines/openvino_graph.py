"""Builds BERT's encoder from OpenVINO's operators; the weights are mapped from the safetensors file.

After J. Devlin et al., "BERT" (2019), post-norm as published. Read from the ONNX graph instead, OpenVINO
computes it 20 % slower.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from openvino import Model, Node
from openvino import opset13 as op

from code_rag.embedding_server.engines.checkpoint import WEIGHTS, Checkpoint


def build_model(folder: Path) -> Model:
    """The model for the checkpoint in `folder`, which has to stay there.

    Inputs `ids` (rows, tokens), padded on the right, and `lengths` (rows), both int64;
    output (rows, tokens, hidden size), float32.
    """
    config = json.loads((folder / "config.json").read_text())
    encoder = _Encoder(Checkpoint(folder / WEIGHTS), config)
    ids, lengths = _input("ids", [-1, -1]), _input("lengths", [-1])
    positions = _positions(ids)
    # Nothing attends to padding: (rows, 1, 1, tokens), as attention takes it.
    real = op.less(op.unsqueeze(positions, _constant(0)), op.unsqueeze(lengths, _constant(1)))
    mask = op.unsqueeze(real, _constant([1, 2]))
    x = encoder.embeddings(ids, positions)
    for layer in range(config["num_hidden_layers"]):
        x = encoder.layer(f"encoder.layer.{layer}", x, mask)
    return Model([op.result(x)], [ids, lengths], "bert")


class _Encoder:
    """BERT's parts with the weights of `checkpoint`; each method adds nodes and returns the last."""

    def __init__(self, checkpoint: Checkpoint, config: dict[str, Any]) -> None:
        self._weights = checkpoint
        self._epsilon: float = config["layer_norm_eps"]
        self._hidden: int = config["hidden_size"]
        self._heads: int = config["num_attention_heads"]

    def embeddings(self, ids: Node, positions: Node) -> Node:
        """Word, position and (always the first) type embeddings, summed."""
        words = op.gather(self._weight("embeddings.word_embeddings.weight"), ids, _constant(0))
        places = op.gather(self._weight("embeddings.position_embeddings.weight"), positions, _constant(0))
        first_type = op.gather(
            self._weight("embeddings.token_type_embeddings.weight"), _constant(0), _constant(0)
        )
        return self._norm("embeddings.LayerNorm", op.add(words, op.add(places, first_type)))

    def layer(self, name: str, x: Node, mask: Node) -> Node:
        """Self-attention and feed-forward, each with residual and norm."""
        attended = self._linear(f"{name}.attention.output.dense", self._attention(name, x, mask))
        x = self._norm(f"{name}.attention.output.LayerNorm", op.add(attended, x))
        inner = op.gelu(self._linear(f"{name}.intermediate.dense", x), "erf")
        outer = self._linear(f"{name}.output.dense", inner)
        return self._norm(f"{name}.output.LayerNorm", op.add(outer, x))

    def _attention(self, name: str, x: Node, mask: Node) -> Node:
        heads_last = _constant([0, 2, 1, 3])
        split = _constant([0, 0, self._heads, self._hidden // self._heads])
        query, key, value = (
            op.transpose(
                op.reshape(self._linear(f"{name}.attention.self.{part}", x), split, True), heads_last
            )
            for part in ("query", "key", "value")
        )
        context = op.scaled_dot_product_attention(query, key, value, mask)
        return op.reshape(op.transpose(context, heads_last), _constant([0, 0, self._hidden]), True)

    def _linear(self, layer: str, x: Node) -> Node:
        product = op.matmul(x, self._weight(f"{layer}.weight"), False, True)
        return op.add(product, self._weight(f"{layer}.bias"))

    def _norm(self, layer: str, x: Node) -> Node:
        normal = op.mvn(x, _constant([-1]), True, self._epsilon, "inside_sqrt")
        return op.add(op.multiply(normal, self._weight(f"{layer}.weight")), self._weight(f"{layer}.bias"))

    def _weight(self, name: str) -> Node:
        return op.constant(self._weights.tensor(name), shared_memory=True)


def _input(name: str, shape: list[int]) -> Node:
    node = op.parameter(shape, np.int64, name)
    node.output(0).get_tensor().set_names({name})
    return node


def _positions(ids: Node) -> Node:
    tokens = op.gather(op.shape_of(ids), _constant(1), _constant(0))
    return op.range(_constant(0), tokens, _constant(1), "i64")


def _constant(value: int | list[int]) -> Node:
    array: NDArray[np.int64] = np.array(value, np.int64)
    return op.constant(array)
