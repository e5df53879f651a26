"""rag-server: from an indexed codebase to an answer whose citations can be looked up."""

import re
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from tests.contract.conftest import index_again
from tests.contract.topics import TOPICS

HIT_FIELDS = {
    "codebase", "path", "start_line", "end_line", "symbol", "kind", "language", "text",
    "score", "explanation", "cosine", "bm25", "copies",
}  # fmt: skip


def test_the_index_accounts_for_every_file(indexed: httpx2.Client) -> None:
    """After a run nothing is pending or failed, and the store holds what the run says."""
    status = indexed.get("/index").json()
    files = status["files"]
    assert (status["state"], files["pending"], files["failed"], status["errors"]) == ("idle", 0, 0, [])
    assert files["total"] == files["unchanged"] + files["indexed"]
    assert status["searchable"]["files"] >= 30
    assert status["searchable"]["chunks"] >= status["searchable"]["files"]


def test_indexing_again_changes_nothing(indexed: httpx2.Client) -> None:
    """A second run over unchanged files embeds nothing and leaves every chunk in place once."""
    before = indexed.get("/index").json()
    after = index_again(indexed)
    assert after["files"]["indexed"] == after["files"]["removed"] == 0
    assert after["files"]["unchanged"] == after["files"]["total"]
    assert after["searchable"] == before["searchable"]


@pytest.mark.parametrize(("question", "path"), TOPICS.items())
def test_a_search_finds_the_file(indexed: httpx2.Client, question: str, path: str) -> None:
    """A question finds the file that answers it among the first five hits."""
    hits = search(indexed, question, limit=5)
    assert path in [hit["path"] for hit in hits]


def test_a_hit_says_where_it_is_and_why(indexed: httpx2.Client) -> None:
    """A hit names its lines, symbol and language, and explains its score."""
    hits = search(indexed, "restocking_fee", limit=5)
    assert all(set(hit) == HIT_FIELDS for hit in hits)
    best = hits[0]
    assert best["path"] == "order-service/orders/refunds.py"
    assert best["language"] == "python"
    assert sum(best["explanation"].values()) == pytest.approx(best["score"])
    assert all(0 < hit["score"] <= 1 for hit in hits)
    assert [hit["score"] for hit in hits] == sorted((hit["score"] for hit in hits), reverse=True)


def test_a_hit_is_what_the_file_says(indexed: httpx2.Client) -> None:
    """A hit's text is exactly the lines it names."""
    for hit in search(indexed, "circuit breaker half open", limit=10):
        lines = indexed.get(f"/files/{hit['path']}").json()["text"].splitlines()
        assert hit["text"].splitlines() == lines[hit["start_line"] - 1 : hit["end_line"]]


@pytest.mark.parametrize(
    ("narrowed", "holds"),
    [
        ({"path": "warehouse"}, lambda hit: hit["path"].startswith("warehouse/")),
        (
            {"path": "order-service/orders/money.py"},
            lambda hit: hit["path"] == "order-service/orders/money.py",
        ),
        ({"language": "go"}, lambda hit: hit["path"].endswith(".go")),
        ({"path": "order-service", "language": "python"}, lambda hit: hit["path"].endswith(".py")),
    ],
    ids=["folder", "file", "language", "both"],
)
def test_a_search_can_be_narrowed(
    indexed: httpx2.Client, narrowed: dict[str, str], holds: Callable[[dict[str, Any]], bool]
) -> None:
    """A folder, a file and a language each limit the hits, and something is still found."""
    hits = search(indexed, "payment of an order total", limit=20, **narrowed)
    assert hits
    assert all(holds(hit) for hit in hits)


def test_a_narrowed_search_may_find_nothing(indexed: httpx2.Client) -> None:
    """A folder that does not exist gives no hits rather than an error."""
    assert search(indexed, "refund", path="no/such/folder") == []


def test_a_codebase_has_a_name(indexed: httpx2.Client) -> None:
    """The index lists its codebases, every hit names one, and a search narrows to it."""
    status = indexed.get("/index").json()
    (codebase,) = status["codebases"]
    assert codebase["searchable"] == status["searchable"]
    assert indexed.get("/index", params={"codebase": codebase["name"]}).json()["codebases"] == [codebase]
    hits = search(indexed, "order", limit=5)
    assert {hit["codebase"] for hit in hits} == {codebase["name"]}
    assert search(indexed, "order", limit=5, codebase=codebase["name"]) == hits


@pytest.mark.parametrize(
    ("path", "body"),
    [("/search", {"query": "x"}), ("/ask", {"question": "x"}), ("/index", {})],
)
def test_an_unknown_codebase_is_refused(indexed: httpx2.Client, path: str, body: dict[str, str]) -> None:
    """A name that no codebase has is a 404 that names the parameter and the codebases there are."""
    name = indexed.get("/index").json()["codebases"][0]["name"]
    response = indexed.post(path, json={**body, "codebase": f"not-{name}"})
    assert response.status_code == 404
    assert response.json()["error"]["param"] == "codebase"
    assert response.json()["error"]["message"].endswith(f"only {name}.")


def test_limit_is_kept(indexed: httpx2.Client) -> None:
    """A search returns as many hits as asked for, and the fewer are the best of the more."""
    three, ten = search(indexed, "order", limit=3), search(indexed, "order", limit=10)
    assert (len(three), len(ten)) == (3, 10)
    assert [hit["path"] for hit in three] == [hit["path"] for hit in ten[:3]]


def test_an_answer_can_be_looked_up(indexed: httpx2.Client) -> None:
    """An answer's citations are verified and lie in the file as it is, and it quotes the file's lines."""
    question = "How many days does a customer have to return a live plant?"
    body = indexed.post("/ask", json={"question": question}).json()
    assert body["answer"]
    assert body["citations"]
    assert body["degraded"] == []
    assert body["timings"]
    for citation in body["citations"]:
        assert citation["verified"], citation
        assert citation["marker"] in body["answer"]
        file = indexed.get(f"/files/{citation['path']}").json()
        assert 1 <= citation["start_line"] <= citation["end_line"] <= file["lines"]
        lines = file["text"].split("\n")
        quoted = quoted_lines(body["answer"], citation["marker"])
        assert quoted
        assert {number: lines[number - 1].rstrip() for number in quoted} == quoted
    assert "order-service/orders/refunds.py" in [citation["path"] for citation in body["citations"]]


def quoted_lines(answer: str, marker: str) -> dict[int, str]:
    """The lines quoted below the line of a marker, by number."""
    code = answer.partition(marker)[2].partition("```")[2].partition("\n```")[0]
    return {int(number): line for number, line in re.findall(r"^ *(\d+)\| ?(.*)$", code, re.MULTILINE)}


def test_a_question_nothing_answers(indexed: httpx2.Client) -> None:
    """A question the code does not answer is answered with that; what is cited are the nearest places."""
    body = indexed.post(
        "/ask", json={"question": "Which telescope photographed the Horsehead nebula?"}
    ).json()
    assert body["state"] == "not_found"
    assert "not found in the indexed code" in body["answer"].lower()
    assert "telescope" in body["answer"].partition("The nearest places:")[0]
    assert {citation["marker"] for citation in body["citations"]} <= set(
        re.findall(r"\[\S+\]", body["answer"])
    )


@pytest.mark.parametrize(
    "query", ["a\x00b", "🛒 cart", "'; DROP TABLE orders; --", "x" * 8000, "((((", "\u202erefund", "%"]
)
def test_any_query_gets_an_answer(indexed: httpx2.Client, query: str) -> None:
    """Whatever characters a query holds, the search answers."""
    response = indexed.post("/search", json={"query": query})
    assert response.status_code == 200, response.text


def test_fields_we_do_not_know_are_ignored(indexed: httpx2.Client) -> None:
    """A newer client's extra fields do no harm."""
    response = indexed.post("/search", json={"query": "refund", "from_the_future": {"x": 1}})
    assert response.status_code == 200


def test_a_file_is_shown_as_it_is(indexed: httpx2.Client) -> None:
    """`/files` gives a file's text, language and number of lines."""
    body = indexed.get("/files/order-service/orders/refunds.py").json()
    assert set(body) == {"path", "language", "text", "lines"}
    assert (body["path"], body["language"]) == ("order-service/orders/refunds.py", "python")
    assert body["text"].startswith('"""The returns policy')
    assert body["lines"] == len(body["text"].splitlines())


def test_the_page_is_served(rag: httpx2.Client) -> None:
    """`/` is a page whose scripts and styles come from rag-server itself."""
    page = rag.get("/")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "http://" not in page.text.replace("http://www.w3.org", "")
    assert "https://" not in page.text


def search(client: httpx2.Client, query: str, **options: object) -> list[dict[str, Any]]:
    """The hits for `query` from a search that was not degraded."""
    response = client.post("/search", json={"query": query, **options})
    assert response.status_code == 200, response.text
    body = response.json()
    assert body["degraded"] == []
    hits: list[dict[str, Any]] = body["hits"]
    return hits
