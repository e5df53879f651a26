"""Builds BERT's encoder as an ONNX graph of standard operators; the weights stay in the safetensors file.

After J. Devlin et al., "BERT" (2019), post-norm as published. `Attention` is ONNX's own, of opset 24.
"""

import json
from pathlib import Path
from typing import Any

import onnx
from onnx import TensorProto, helper

from code_rag.embedding_server.engines.checkpoint import WEIGHTS, Checkpoint

OPSET = 24


class _Builder:
    """Collects nodes and weights; every method returns the name of the value it adds."""

    def __init__(self, folder: Path) -> None:
        self._checkpoint = Checkpoint(folder / WEIGHTS)
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: dict[str, onnx.TensorProto] = {}

    def op(self, kind: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        output = output or f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def integers(self, name: str, *values: int) -> str:
        self.initializers[name] = helper.make_tensor(name, TensorProto.INT64, [len(values)], values)
        return name

    def weight(self, name: str) -> str:
        """A tensor inside the weights' file: ONNX stores its place, engines map the file into memory."""
        offset, length = self._checkpoint.place(name)
        place = {"location": WEIGHTS, "offset": offset, "length": length}
        tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=self._checkpoint.shape(name))
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in place.items():
            tensor.external_data.add(key=key, value=str(value))
        self.initializers[name] = tensor
        return name

    def linear(self, x: str, layer: str) -> str:
        return self.op("Gemm", x, self.weight(f"{layer}.weight"), self.weight(f"{layer}.bias"), transB=1)

    def norm(self, x: str, layer: str, epsilon: float) -> str:
        scale, shift = self.weight(f"{layer}.weight"), self.weight(f"{layer}.bias")
        return self.op("LayerNormalization", x, scale, shift, epsilon=epsilon)


def build_graph(folder: Path) -> bytes:
    """The serialized model for the checkpoint in `folder`; external data is relative to that folder.

    Inputs `ids` (rows, tokens), padded on the right, and `lengths` (rows), both int64;
    output `hidden` (rows, tokens, hidden size), float32.
    """
    config = json.loads((folder / "config.json").read_text())
    build = _Builder(folder)
    shape = build.op(
        "Concat", build.op("Shape", "ids"), build.integers("hidden_size", config["hidden_size"]), axis=0
    )
    x = _embeddings(build, config)
    for layer in range(config["num_hidden_layers"]):
        x = _layer(build, x, shape, f"encoder.layer.{layer}", config)
    build.op("Reshape", x, shape, output="hidden")
    serialized: bytes = _model(build, config["hidden_size"]).SerializeToString()
    return serialized


def _embeddings(build: _Builder, config: dict[str, Any]) -> str:
    """Word, position and (always the first) type embeddings summed, as (rows x tokens, hidden size)."""
    zero, one = build.integers("zero", 0), build.integers("one", 1)
    tokens = build.op("Shape", "ids", start=1)
    words = build.op("Gather", build.weight("embeddings.word_embeddings.weight"), "ids")
    positions = build.op("Slice", build.weight("embeddings.position_embeddings.weight"), zero, tokens)
    first_type = build.op("Slice", build.weight("embeddings.token_type_embeddings.weight"), zero, one)
    x = build.op("Add", words, build.op("Add", positions, first_type))
    x = build.op("Reshape", x, build.integers("flat", -1, config["hidden_size"]))
    return build.norm(x, "embeddings.LayerNorm", config["layer_norm_eps"])


def _layer(build: _Builder, x: str, shape: str, name: str, config: dict[str, Any]) -> str:
    """Self-attention and feed-forward, each with residual and norm, over tokens in one flat list."""
    epsilon, heads = config["layer_norm_eps"], config["num_attention_heads"]
    parts = [build.linear(x, f"{name}.attention.self.{part}") for part in ("query", "key", "value")]
    query, key, value = (build.op("Reshape", part, shape) for part in parts)
    # The lengths replace a mask: padding is on the right, and nothing attends to it.
    context = build.op(
        "Attention", query, key, value, "", "", "", "lengths", q_num_heads=heads, kv_num_heads=heads
    )
    attended = build.linear(build.op("Reshape", context, "flat"), f"{name}.attention.output.dense")
    x = build.norm(build.op("Add", attended, x), f"{name}.attention.output.LayerNorm", epsilon)
    inner = build.op("Gelu", build.linear(x, f"{name}.intermediate.dense"))
    outer = build.linear(inner, f"{name}.output.dense")
    return build.norm(build.op("Add", outer, x), f"{name}.output.LayerNorm", epsilon)


def _model(build: _Builder, hidden_size: int) -> onnx.ModelProto:
    ids = helper.make_tensor_value_info("ids", TensorProto.INT64, ["rows", "tokens"])
    lengths = helper.make_tensor_value_info("lengths", TensorProto.INT64, ["rows"])
    hidden = helper.make_tensor_value_info("hidden", TensorProto.FLOAT, ["rows", "tokens", hidden_size])
    graph = helper.make_graph(
        build.nodes, "bert", [ids, lengths], [hidden], list(build.initializers.values())
    )
    opsets = [helper.make_opsetid("", OPSET)]
    # The oldest format that has these operators: engines lag behind the onnx package's newest.
    return helper.make_model(graph, opset_imports=opsets, ir_version=helper.find_min_ir_version_for(opsets))
