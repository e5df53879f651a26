"""Bodies that no generator of valid JSON makes: each gets an answer, and the service stays well."""

import json
from typing import Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contract.envelope import error_of
from tests.schema.conftest import SERVICES, Service
from tests.schema.test_documents import document_of, operations

EXAMPLES = 150
JSON = "application/json"
TYPES = (
    JSON,
    f"{JSON}; charset=utf-16",
    "application/x+json",
    "text/plain",
    "multipart/form-data",
    "a/b/c;;",
    "",
)
CODECS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "latin-1")
STRINGS = (
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '"\\u0000"',
    '""',
    '"x"',
    '"\\ud83d\\ude00"',
    '"..\\u002f"',
    '" "',
)
NUMBERS = ("NaN", "-Infinity", "1e999", "-0", "1.0", "1" * 30, "9" * 5000, "1e-400", "07")
WORDS = ("true", "null", "undefined", "{}", "[]", '{"role":"user","content":"x"}')

leaves = st.sampled_from((*STRINGS, *NUMBERS, *WORDS))
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3).map(lambda items: f"[{','.join(items)}]"), max_leaves=4
)


def objects(names: list[str]) -> st.SearchStrategy[str]:
    """JSON objects with these names; a name may come several times, and the text may be cut."""
    members = st.tuples(st.sampled_from([*names, "", "\ud800", "x"]).map(json.dumps), values).map(":".join)
    whole = st.lists(members, max_size=6).map(lambda found: "{" + ",".join(found) + "}")
    return st.tuples(whole, st.sampled_from((None, None, None, -1, 3))).map(lambda cut: cut[0][: cut[1]])


def deep(name: str) -> st.SearchStrategy[str]:
    """A name whose value is nested deeply, in arrays or objects, and closed or not."""
    depth = st.integers(1, 5).map(lambda power: 10**power)
    shape = st.sampled_from((("[", "]"), ('{"a":', "}"), ("[", "")))
    nested = st.tuples(shape, depth).map(lambda at: at[0][0] * at[1] + "1" + at[0][1] * at[1])
    return nested.map(lambda value: f'{{"{name}":{value}}}')


def names_of(document: dict[str, Any], operation: dict[str, Any]) -> list[str]:
    schema = operation["requestBody"]["content"][JSON]["schema"]
    refs = [part["$ref"] for part in schema.get("anyOf", [schema]) if "$ref" in part]
    known = document["components"]["schemas"]
    return [name for ref in refs for name in known[ref.rpartition("/")[2]]["properties"]]


def send(client: httpx2.Client, path: str, content: bytes, kind: str) -> None:
    answer = client.post(path, content=content, headers={"content-type": kind} if kind else {})
    if answer.status_code >= 400:
        assert answer.status_code < 500, (path, content[:200], answer.text)
        error_of(answer, answer.status_code)


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", SERVICES)
def test_any_body_gets_an_answer(name: str, opened: dict[str, Service], times: int) -> None:
    """Repeated names, huge numbers, deep nesting, half characters, other encodings and types: never a 5xx."""
    document = document_of(opened[name])
    posts = [
        (path, names_of(document, each)) for path, method, each in operations(document) if method == "post"
    ]
    assert posts

    with opened[name].client() as client:

        @settings(max_examples=EXAMPLES * times, derandomize=True, database=None)
        @given(st.data())
        def any_body(data: st.DataObject) -> None:
            path, names = data.draw(st.sampled_from(posts))
            text = data.draw(st.one_of(objects(names), objects(names), deep(names[0]), values))
            content = text.encode(data.draw(st.sampled_from(CODECS)), "replace")
            send(client, path, content, data.draw(st.sampled_from((JSON, JSON, JSON, *TYPES))))

        any_body()
        assert client.get("/health").status_code == 200
