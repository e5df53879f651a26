"""EMBEDDING_MODEL with the sentence-transformers engine: any model, as this library embeds."""

import json
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer import modules
from transformers import AutoTokenizer, BertConfig, BertModel

from code_rag.embedding_server.embeddings import embed_texts
from code_rag.embedding_server.engines.base import Prefixes, Tokenizing
from code_rag.embedding_server.loading import load_engine
from code_rag.embedding_server.model_files import resolve, sources_of
from code_rag.embedding_server.pinned_model import MINILM
from code_rag.embedding_server.served_model import describe
from code_rag.embedding_server.settings import Settings

PROMPTS = {"query": "query: ", "document": "passage: "}
TEXTS = ["refund policy", "def add(a, b): return a + b", "word " * 90, "환불 정책"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of another size, pooling and limit, with prompts; its weights are random."""
    base, folder = tmp_path_factory.mktemp("base"), tmp_path_factory.mktemp("model")
    tokenizer = AutoTokenizer.from_pretrained(str(resolve(MINILM, sources_of(Settings())).path))
    tokenizer.save_pretrained(base)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
    )
    BertModel(config).save_pretrained(base)
    transformer = modules.Transformer(str(base), max_seq_length=64)
    pooling = modules.Pooling(transformer.get_embedding_dimension(), pooling_mode="cls")
    SentenceTransformer(modules=[transformer, pooling], prompts=PROMPTS, device="cpu").save(str(folder))
    return folder


def settings(folder: Path) -> Settings:
    return Settings(embedding_engine="sentence-transformers", embedding_model=str(folder))


def test_it_embeds_as_the_library_does(folder: Path) -> None:
    """Vectors of queries and documents are those of `encode_query` and `encode_document`."""
    engine, reference = load_engine(settings(folder)), SentenceTransformer(str(folder), device="cpu")
    assert (engine.dimension, engine.max_tokens) == (32, 64)
    assert engine.prompts == Prefixes("query: ", "passage: ")
    for prefix, encode in (
        (engine.prompts.query, reference.encode_query),
        (engine.prompts.document, reference.encode_document),
    ):
        ours = embed_texts(engine, [prefix + text for text in TEXTS])
        np.testing.assert_allclose(ours.vectors, encode(TEXTS, normalize_embeddings=True), atol=1e-5)
        assert ours.truncated == [False, False, True, False]


def test_its_fingerprint_follows_its_files(folder: Path, tmp_path: Path) -> None:
    """The same files have one fingerprint wherever they are; another pooling or weight makes another."""
    base = describe(load_engine(settings(folder))).fingerprint
    seen = {base}
    for name, change in (("same", False), ("pooling", True)):
        copy = tmp_path / name
        SentenceTransformer(str(folder), device="cpu").save(str(copy))
        if change:
            file = copy / "1_Pooling/config.json"
            pooling = json.loads(file.read_text())
            file.write_text(json.dumps(pooling | {"pooling_mode": "mean"}))
        seen.add(describe(load_engine(settings(copy))).fingerprint)
    model = SentenceTransformer(str(folder), device="cpu")
    next(iter(model.parameters())).data[0, 0] += 1
    model.save(str(tmp_path / "weights"))
    seen.add(describe(load_engine(settings(tmp_path / "weights"))).fingerprint)
    assert len(seen) == 3


def test_it_reads_its_own_token_ids(folder: Path) -> None:
    """Ids of its tokenizer are the text that has them; others are refused."""
    engine = load_engine(settings(folder))
    assert isinstance(engine, Tokenizing)
    ids = list(engine.tokenize("refund policy").ids)
    assert list(engine.tokenize(engine.decode(ids)).ids) == ids
    with pytest.raises(ValueError, match="send text"):
        engine.decode([755, 923, 2948, 11, 293, 1680, 471, 264, 489, 293])
