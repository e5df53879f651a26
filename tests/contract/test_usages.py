"""rag-server: who uses a definition, what is similar to a place, and how well search works."""

import json

import httpx2
import pytest

REFUNDS = "order-service/orders/refunds.py"


def test_callers_are_found_by_import(indexed: httpx2.Client) -> None:
    """A class that another file imports is used there, on the lines that are named."""
    found = indexed.post("/search", json={"callers_of": "refunds.Refund", "limit": 20}).json()
    assert [place["path"] for place in found["definitions"]] == [REFUNDS]
    uses = {(hit["path"], use["line"]): use for hit in found["hits"] for use in hit["uses"]}
    imported = {place for place, use in uses.items() if use["resolution"] == "import"}
    assert {path for path, _ in imported} == {"order-service/tests/test_refunds.py"}
    for path, line in uses:
        lines = indexed.get(f"/files/{path}").json()["text"].splitlines()
        assert "Refund" in lines[line - 1]


def test_similar_code_is_not_the_place_itself(indexed: httpx2.Client) -> None:
    """Chunks like one of refunds are found, the best first, without itself."""
    found = indexed.post("/search", json={"similar_to": {"path": REFUNDS, "line": 50}}).json()
    subject = found["similar_to"]
    assert subject["start_line"] <= 50 <= subject["end_line"]
    places = [(hit["path"], hit["start_line"]) for hit in found["hits"]]
    assert places
    assert (REFUNDS, subject["start_line"]) not in places
    for hit in found["hits"]:
        assert sum(hit["explanation"].values()) == pytest.approx(hit["score"])


def test_an_evaluation_ends_in_measures(indexed: httpx2.Client) -> None:
    """The evaluation asks its questions and ends with means, intervals and words."""
    commits = [{"subject": "Assess refunds of opened parcels", "paths": [REFUNDS]}]
    answer = indexed.post("/eval", json={"questions": 3, "commits": commits}, timeout=120)
    data = [line.removeprefix("data: ") for line in answer.text.splitlines() if line.startswith("data:")]
    last = json.loads(data[-1])
    assert [result["kind"] for result in last["results"]] == ["documentation", "symbol", "history"]
    for result in last["results"]:
        mean = result["measures"]["ndcg@10"]
        assert 0 <= mean["low"] <= mean["mean"] <= mean["high"] <= 1
    assert last["words"]
