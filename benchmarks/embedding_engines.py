"""The process of one engine for benchmarks.embedding: it loads the engine, then does what each line asks.

A line has `calls`, lists of texts that as many callers send at once; the answer says how long that took.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent

Embed = Callable[[Sequence[str]], Awaitable[Any]]
"""From texts to vectors, one each, with any type that can be indexed."""


async def our_batcher(engine_name: str) -> tuple[Embed, str]:
    """Our batcher with an engine, without HTTP; its cache is off."""
    from prometheus_client import CollectorRegistry

    from code_rag.embedding_server.batching import Batcher
    from code_rag.embedding_server.loading import load_engine
    from code_rag.embedding_server.metrics import EmbeddingMetrics
    from code_rag.embedding_server.settings import Settings

    engine = load_engine(Settings(embedding_engine=engine_name, model_cache_dir=ROOT / ".data/models"))
    batcher = Batcher(engine, EmbeddingMetrics(CollectorRegistry()), 3600, cache_bytes=0, hanging_seconds=600)

    async def embed(texts: Sequence[str]) -> Any:
        return (await batcher.embed(texts)).vectors

    return embed, f"{engine.name}: {engine.why}"


def folder() -> Path:
    """Where the model's files are; `make test` has put them there."""
    return next((ROOT / ".data/models").glob("all-MiniLM-L6-v2-*"))


async def plain_onnx() -> tuple[Embed, str]:
    """ONNX Runtime with its defaults: all threads for one batch of 32, padded, as the texts come."""
    import onnxruntime

    from code_rag.embedding_server.engines.onnx_graph import build_graph
    from code_rag.embedding_server.engines.pooling import mean_pool, pad
    from code_rag.embedding_server.engines.wordpiece import WordPiece

    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", str(folder()))
    session = onnxruntime.InferenceSession(build_graph(folder()), options)
    tokenizer = WordPiece(folder() / "tokenizer.json", 256)

    def embed(texts: Sequence[str]) -> Any:
        vectors: list[Any] = []
        for start in range(0, len(texts), 32):
            ids, lengths = pad([tokenizer.tokenize(text) for text in texts[start : start + 32]])
            (hidden,) = session.run(["hidden"], {"ids": ids, "lengths": lengths})
            vectors += list(mean_pool(hidden, lengths))
        return vectors

    return _in_turns(embed), ""


async def reference() -> tuple[Embed, str]:
    """sentence-transformers' own call."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder()), device="cpu")
    return _in_turns(lambda texts: model.encode(list(texts), normalize_embeddings=True)), ""


async def infinity() -> tuple[Embed, str]:
    """infinity's engine on PyTorch, without HTTP."""
    from infinity_emb import AsyncEmbeddingEngine, EngineArgs

    arguments = EngineArgs(
        model_name_or_path=str(folder()), engine="torch", device="cpu", bettertransformer=False, compile=False
    )
    engine = AsyncEmbeddingEngine.from_args(arguments)
    await engine.astart()

    async def embed(texts: Sequence[str]) -> Any:
        vectors, _ = await engine.embed(sentences=list(texts))
        return vectors

    return embed, ""


async def fastembed() -> tuple[Embed, str]:
    """fastembed with the model from a folder: our graph, with the inputs that it feeds."""
    from fastembed import TextEmbedding
    from fastembed.common.model_description import ModelSource, PoolingType

    name = "local/all-MiniLM-L6-v2"
    TextEmbedding.add_custom_model(
        model=name,
        pooling=PoolingType.MEAN,
        normalization=True,
        sources=ModelSource(hf=name),
        dim=384,
        model_file="model.onnx",
    )
    model = TextEmbedding(model_name=name, specific_model_path=str(_exported()))
    return _in_turns(lambda texts: list(model.embed(list(texts)))), ""


def _exported() -> Path:
    import shutil

    import onnx
    from onnx import TensorProto, helper

    from code_rag.embedding_server.engines.onnx_graph import build_graph

    model = onnx.load_model_from_string(build_graph(folder()))
    graph = model.graph
    axis = helper.make_tensor("mask_axis", TensorProto.INT64, [1], [1])
    graph.initializer.append(axis)
    graph.node.insert(
        0, helper.make_node("ReduceSum", ["attention_mask", "mask_axis"], ["lengths"], keepdims=0)
    )
    graph.node.insert(0, helper.make_node("Identity", ["input_ids"], ["ids"]))
    del graph.input[:]
    for name in ("input_ids", "attention_mask", "token_type_ids"):
        graph.input.append(helper.make_tensor_value_info(name, TensorProto.INT64, ["rows", "tokens"]))
    to = Path(tempfile.mkdtemp())
    shutil.copytree(folder(), to, dirs_exist_ok=True)
    (to / "model.onnx").write_bytes(model.SerializeToString())
    return to


def _in_turns(embed: Callable[[Sequence[str]], Any]) -> Embed:
    """A library that embeds one call after the other."""
    turn = asyncio.Lock()

    async def wait(texts: Sequence[str]) -> Any:
        async with turn:
            return await asyncio.to_thread(embed, texts)

    return wait


ENGINES: dict[str, Callable[[], Awaitable[tuple[Embed, str]]]] = {
    "embedding-server (auto)": lambda: our_batcher("auto"),
    "embedding-server (onnx)": lambda: our_batcher("onnx"),
    "ONNX Runtime as it comes": plain_onnx,
    "sentence-transformers": reference,
    "infinity": infinity,
    "fastembed": fastembed,
}


async def serve(name: str) -> None:
    started = time.perf_counter()
    embed, why = await ENGINES[name]()
    say({"load_seconds": round(time.perf_counter() - started, 2), "why": why})
    for line in sys.stdin:
        command = json.loads(line)
        started = time.perf_counter()
        found = await asyncio.gather(*(embed(texts) for texts in command["calls"]))
        answer: dict[str, Any] = {"seconds": time.perf_counter() - started, "memory_mb": memory_mb()}
        if command.get("vectors"):
            answer["vectors"] = [[float(number) for number in vector] for vector in found[0]]
        say(answer)


def memory_mb() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 // 1_000_000


def say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
