"""scripts/evaluate.py: what counts as right, the means, and a whole run against a small server."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest

from scripts.evaluate import EvaluationError, Question, Span, main, read_questions, score, wait_until_idle

ANSWER = Span(path="a.py", start_line=10, end_line=20)
WRONG = Span(path="a.py", start_line=30, end_line=40)


def question(name: str = "q01", category: str = "semantic") -> Question:
    return Question(id=name, question=f"what is {name}?", category=category, answers=[ANSWER])


class FakeServer(ThreadingHTTPServer):
    """Answers `GET /index` with each state in turn (the last one stays) and each search from `hits`."""

    def __init__(self, states: list[str], hits: dict[str, list[Span]], key: str | None, degraded: list[str]):
        super().__init__(("127.0.0.1", 0), Handler)
        self.states, self.hits, self.key, self.degraded = states, hits, key, degraded
        self.searches: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, method: str, path: str, body: Any, key: str | None) -> tuple[int, Any]:
        if self.key and key != f"Bearer {self.key}":
            return 401, {"error": {"message": "a key is needed"}}
        if (method, path) == ("GET", "/index"):
            return 200, {"state": self.states.pop(0) if len(self.states) > 1 else self.states[0]}
        if (method, path) == ("POST", "/search"):
            self.searches.append(body)
            hits = [span.model_dump() | {"score": 1.0} for span in self.hits.get(body["query"], [])]
            return 200, {"hits": hits, "degraded": self.degraded, "timings": {}}
        return 404, {"error": {"message": "no such route"}}


class Handler(BaseHTTPRequestHandler):
    server: FakeServer

    def do_GET(self) -> None:
        self._reply("GET", None)

    def do_POST(self) -> None:
        self._reply("POST", json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def _reply(self, method: str, body: Any) -> None:
        status, answer = self.server.answer(method, self.path, body, self.headers.get("Authorization"))
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Keep the test's own output readable."""


@contextmanager
def serving(
    states: list[str] | None = None,
    hits: dict[str, list[Span]] | None = None,
    key: str | None = None,
    degraded: list[str] | None = None,
) -> Iterator[FakeServer]:
    with FakeServer(states or ["idle"], hits or {}, key, degraded or []) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def _client(server: FakeServer) -> httpx2.Client:
    return httpx2.Client(base_url=server.url, timeout=5.0)


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    """Two questions with an answer and one without."""
    unanswerable = question("q03").model_copy(update={"answers": []})
    asked = [question("q01"), question("q02", "symbol"), unanswerable]
    path = tmp_path / "questions.jsonl"
    path.write_text("".join(item.model_dump_json() + "\n" for item in asked))
    return path


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("API_KEY", raising=False)


@pytest.mark.parametrize(
    ("path", "start", "end", "expected"),
    [
        ("a.py", 20, 25, True),
        ("a.py", 1, 10, True),
        ("a.py", 12, 13, True),
        ("a.py", 1, 99, True),
        ("a.py", 21, 25, False),
        ("a.py", 1, 9, False),
        ("b.py", 10, 20, False),
    ],
)
def test_overlap_needs_the_same_file_and_a_shared_line(
    path: str, start: int, end: int, expected: bool
) -> None:
    """Touching one line is enough, in either order, and another file never is."""
    other = Span(path=path, start_line=start, end_line=end)
    assert ANSWER.overlaps(other) is expected
    assert other.overlaps(ANSWER) is expected


def test_rank_is_that_of_the_first_right_hit() -> None:
    """Later right hits do not matter, and no right hit is no rank."""
    assert question().rank([WRONG, ANSWER, ANSWER]) == 2
    assert question().rank([WRONG]) is None
    assert question().rank([]) is None


def test_scores_are_means_overall_and_by_category() -> None:
    """Ranks 1, 2 and none give recall 2/3 and MRR 1/2; each category is averaged on its own."""
    scores = score(
        [
            (question("q1"), [ANSWER]),
            (question("q2"), [WRONG, ANSWER]),
            (question("q3", "symbol"), [WRONG]),
        ]
    )
    assert scores["overall"] == {"questions": 3, "recall": pytest.approx(2 / 3), "mrr": pytest.approx(0.5)}
    assert scores["semantic"] == {"questions": 2, "recall": 1.0, "mrr": 0.75}
    assert scores["symbol"] == {"questions": 1, "recall": 0.0, "mrr": 0.0}


def test_run_prints_scores_and_what_was_missed(questions: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A run waits for the index, asks what has an answer, and shows a missed question with its first hit."""
    hits = {"what is q01?": [ANSWER], "what is q02?": [WRONG]}
    with serving(["running", "idle"], hits) as server:
        assert main(["--url", server.url, "--questions", str(questions), "--limit", "3"]) == 0
        assert server.searches == [{"query": f"what is {name}?", "limit": 3} for name in ("q01", "q02")]
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["questions", "recall@3", "MRR"]
    assert lines[1].split() == ["overall", "2", "0.500", "0.500"]
    assert lines[-1] == "missed q02 what is q02? (a.py:30-40 came first)"


def test_run_writes_scores_and_ranks_as_json(questions: Path, tmp_path: Path) -> None:
    """The file holds the limit, the scores and the rank of every question, null for a missed one."""
    target = tmp_path / "result.json"
    with serving(hits={"what is q01?": [WRONG, ANSWER]}) as server:
        assert main(["--url", server.url, "--questions", str(questions), "--json", str(target)]) == 0
    result = json.loads(target.read_text())
    assert result["limit"] == 5
    assert result["ranks"] == {"q01": 2, "q02": None}
    assert result["scores"]["overall"] == {"questions": 2, "recall": 0.5, "mrr": 0.25}


def test_key_from_the_environment_is_sent(questions: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With API_KEY set a server that asks for a key is evaluated; without it the run ends with 2."""
    with serving(key="made-up") as server:
        arguments = ["--url", server.url, "--questions", str(questions)]
        assert main(arguments) == 2
        monkeypatch.setenv("API_KEY", "made-up")
        assert main(arguments) == 0


def test_degraded_answers_are_reported(questions: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Scores of a server that works with less than it should are not printed without a word."""
    with serving(degraded=["embedding-server"]) as server:
        assert main(["--url", server.url, "--questions", str(questions)]) == 0
    assert "q01: the server is degraded: embedding-server" in capsys.readouterr().err


def test_absent_server_is_one_sentence_and_exit_2(
    questions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """When nothing listens at the address the message names it, in a single line."""
    with serving() as server:
        url = server.url
    assert main(["--url", url, "--questions", str(questions)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"evaluate: Cannot use {url}")
    assert captured.err.count("\n") == 1


def test_failed_index_ends_the_wait() -> None:
    """A failed run is not waited for."""
    with (
        serving(["running", "failed"]) as server,
        _client(server) as client,
        pytest.raises(EvaluationError, match="is failed"),
    ):
        wait_until_idle(client, seconds=60, pause=0.001)


def test_endless_indexing_is_given_up_on() -> None:
    """The wait ends at its deadline and says which state the index was in."""
    with (
        serving(["running"]) as server,
        _client(server) as client,
        pytest.raises(EvaluationError, match="is running"),
    ):
        wait_until_idle(client, seconds=0.05, pause=0.001)


@pytest.mark.parametrize("text", ["", "not json\n", '{"id": "q01"}\n'])
def test_unusable_questions_are_refused(tmp_path: Path, text: str) -> None:
    """A file without questions, without JSON or without the fields of a question is named in the error."""
    path = tmp_path / "questions.jsonl"
    path.write_text(text)
    with pytest.raises(EvaluationError, match=r"questions\.jsonl"):
        read_questions(path)


def test_missing_questions_are_refused(tmp_path: Path) -> None:
    """A path where no file is is an error of its own and not a traceback."""
    with pytest.raises(EvaluationError, match=r"absent\.jsonl"):
        read_questions(tmp_path / "absent.jsonl")
