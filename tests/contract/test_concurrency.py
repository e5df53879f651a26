"""Many callers at once get right answers, each its own."""

from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import httpx2

from tests.contract.topics import TOPICS


def test_parallel_questions_are_not_mixed_up(indexed: httpx2.Client) -> None:
    """32 questions asked at once are all answered, each with a citation of the file about its own topic."""
    questions = list(chain(TOPICS, TOPICS))
    assert len(questions) == 32
    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda question: ask(indexed, question), questions))
    wrong = {
        question: cited
        for question, answer in zip(questions, answers, strict=True)
        if TOPICS[question] not in (cited := [each["path"] for each in answer["citations"]])
    }
    assert wrong == {}


def ask(client: httpx2.Client, question: str) -> dict[str, list[dict[str, str]]]:
    """The answer to `question`; the request's own id proves that it is not another's."""
    request_id = str(abs(hash(question)))
    response = client.post("/ask", json={"question": question}, headers={"x-request-id": request_id})
    assert response.status_code == 200, response.text
    assert response.headers["x-request-id"] == request_id
    body: dict[str, list[dict[str, str]]] = response.json()
    return body


def test_parallel_texts_get_their_own_vectors(embedding: httpx2.Client) -> None:
    """64 texts embedded at once get the vectors they get alone."""
    texts = [f"function number {number} adds {number} to its argument" for number in range(64)]
    expected = embedding.post("/embed", json={"texts": texts}).json()["embeddings"]
    with ThreadPoolExecutor(32) as pool:
        alone = list(pool.map(lambda text: embedding.post("/embed", json={"text": text}).json(), texts))
    for vector, answer in zip(expected, alone, strict=True):
        assert sum(a * b for a, b in zip(vector, answer["embedding"], strict=True)) > 0.9999


def test_searching_goes_on_while_indexing(indexed: httpx2.Client) -> None:
    """Searches keep finding everything while runs are asked for in between."""
    with ThreadPoolExecutor(8) as pool:
        runs = [pool.submit(indexed.post, "/index", json={}) for _ in range(4)]
        searches = [pool.submit(indexed.post, "/search", json={"query": question}) for question in TOPICS]
    assert {run.result().status_code for run in runs} == {202}
    for path, answer in zip(TOPICS.values(), searches, strict=True):
        assert path in [hit["path"] for hit in answer.result().json()["hits"]]
