"""`coderag index` and `coderag status`, against a rag-server with scripted answers."""

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from code_rag.rag_server.model import VectorCounts
from code_rag.rag_server.pace import Step
from code_rag.rag_server.progress import FileCounts, FileError, IndexReport, Searchable, VectorWork
from code_rag.rag_server.wire import CodebaseStatus, IndexModel, IndexStatus
from tests.unit.rag_server.coderag import Coderag
from tests.unit.rag_server.fake_rag_server import Script, running
from tests.unit.rag_server.fakes import FAKE_MODEL
from tests.unit.rag_server.refund_shop import INDEXED, index_status, verdict


def test_index_waits_for_the_end(coderag: Coderag) -> None:
    """The run is followed in lines on stderr until it is over, then summed up."""
    looking = index_status("running", FileCounts())
    half = index_status("running", step=Step("words", 60, 120, 40.0, 1.5))
    first = index_status("running", step=Step("headers", 0, 840, 0.0, None))
    most = index_status("running", step=Step("whole chunks", 756, 840, 61.6, 1.4))
    coderag.script.index = [looking, half, half, first, most, index_status(vectors=VectorWork(800, 40))]
    result = coderag("index", "orders")
    assert result.exit_code == 0, result.stderr
    assert result.stderr == (
        "Indexing: looking for files\n"
        "Indexing words: 50 % of 120 files (40 files/s, 2 s left)\n"
        "Indexing headers: 0 % of 840 chunks\n"
        "Indexing whole chunks: 90 % of 840 chunks (62 chunks/s, 1 s left)\n"
    )
    assert result.stdout.startswith(
        "Files indexed: 24 (96 unchanged, 1 removed, 0 failed), 840 new chunks in 3.2 s.\n"
        "Vectors: 800 computed; 40 chunks had theirs from before.\n"
    )
    assert "Skipped: 310 ignored, 12 binary, 2 too large." in result.stdout
    sent = [(path, body) for path, body, _ in coderag.script.requests]
    assert ("/index", {"path": "orders", "codebase": None, "prune": False}) in sent


def test_index_prune_says_what_it_deleted(coderag: Coderag) -> None:
    """--prune is passed on, and the run's result names what is gone."""
    coderag.script.index = [index_status(vectors=VectorWork(0, 0, 17, ("code-0123abcd",)))]
    result = coderag("index", "--prune")
    assert "Deleted: 17 unused vectors; old indexes: code-0123abcd.\n" in result.stdout
    sent = {"path": "", "codebase": None, "prune": True}
    assert ("/index", sent) in [(path, body) for path, body, _ in coderag.script.requests]


@pytest.mark.parametrize(
    ("vectors", "text"),
    [
        (VectorCounts(), "vectors: 0 %."),
        (VectorCounts(header=311), "vectors: 37 % (headers)."),
        (VectorCounts(420, 420), "vectors: 100 % (whole chunks 50 %, headers only for the others)."),
        (VectorCounts(whole=840), "vectors: 100 %."),
    ],
)
def test_status_says_which_vectors_there_are(coderag: Coderag, vectors: VectorCounts, text: str) -> None:
    """How many chunks have vectors, and whether of their headers or of the whole text."""
    coderag.script.index = [index_status(searchable=Searchable(120, 840, vectors))]
    assert f"Searchable: 840 chunks of 120 files; {text}\n" in coderag("status").stdout


def test_index_says_what_it_waits_for(coderag: Coderag) -> None:
    """A run that waits for a service says for which."""
    waiting = index_status("waiting", detail="embedding-server does not answer")
    coderag.script.index = [waiting, index_status()]
    assert coderag("index").stderr == "Waiting: embedding-server does not answer\n"


def test_index_no_wait_returns_at_once(coderag: Coderag) -> None:
    """--no-wait starts the run and asks nothing more."""
    coderag.script.index = [index_status("running")]
    assert coderag("index", "--no-wait").stdout.startswith("Indexing started")
    assert len(coderag.script.requests) == 1


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (index_status("failed", detail="the store is full"), "Indexing failed: the store is full"),
        (
            index_status(files=replace(INDEXED, failed=1), errors=(FileError("a.py", "gone"),)),
            "Files that could not be indexed: 1.",
        ),
    ],
)
def test_index_failures_exit_4(
    coderag: Coderag, status: tuple[IndexReport, Searchable], sentence: str
) -> None:
    """A failed run, or files that failed, end with a code of their own."""
    coderag.script.index = [status]
    result = coderag("index", "--json")
    assert result.exit_code == 4
    assert json.loads(result.stdout)["state"] == status[0].state
    assert result.stderr.endswith(f"coderag: {sentence}\n")


def test_status_shows_parts_and_counts(coderag: Coderag) -> None:
    """Each part's health, what can be searched and what was skipped."""
    coderag.script.checks["llm-server"] = verdict("degraded", "no answer")
    result = coderag("status")
    assert result.exit_code == 0
    assert f"rag-server 0.1.0 at {coderag.url}: degraded" in result.stdout
    assert "  ! llm-server        no answer\n" in result.stdout
    assert "Searchable: 840 chunks of 120 files; vectors: 100 %." in result.stdout


def test_status_says_how_long_a_step_takes(coderag: Coderag) -> None:
    """While a run is under way its step is shown with its rate and the time left."""
    coderag.script.index = [index_status("running", step=Step("headers", 210, 840, 21.0, 30.0))]
    assert "  headers: 210 of 840 (21 chunks/s, 30 s left).\n" in coderag("status").stdout


def test_status_json_holds_health_and_index(coderag: Coderag) -> None:
    """--json brings the URL, the health report and the index status."""
    body = json.loads(coderag("status", "--json").stdout)
    assert body["url"] == coderag.url
    assert body["health"]["checks"]["vector-db"] == {"status": "ok", "detail": ""}
    report, searchable = index_status()
    codebase = CodebaseStatus.of("shop", report, searchable)
    expected = IndexStatus.of(report, searchable, [codebase])
    expected.model = IndexModel.model_validate(asdict(FAKE_MODEL))
    assert body["index"] == expected.model_dump(mode="json")


@pytest.fixture
def several(tmp_path: Path) -> Iterator[Coderag]:
    """The command, and a server with two codebases."""
    script = Script(codebases=("shop", "accounts"))
    with running(script) as url:
        yield Coderag(script, url, tmp_path)


def test_status_has_a_line_for_each_of_several_codebases(coderag: Coderag, several: Coderag) -> None:
    """Where there are several codebases each is named with what of it is searchable; a single one is not."""
    assert "Codebases" not in coderag("status").stdout
    assert several("status").stdout.endswith(
        "Codebases:\n"
        "  shop      840 chunks of 120 files, up to date\n"
        "  accounts  2 chunks of 1 files, up to date\n"
    )


def test_index_of_one_codebase_follows_only_that_one(several: Coderag) -> None:
    """A run in one codebase ends with it, whatever the others do, and reaches the server with its name."""
    assert several("index", "--codebase", "accounts").exit_code == 0
    assert several.script.requests[0][1] == {"path": "", "codebase": "accounts", "prune": False}
    assert several("index", "--codebase", "shpo").stderr == (
        "coderag: codebase: there is no 'shpo', only shop, accounts.\n"
    )


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (index_status(watching="events"), "up to date"),
        (index_status(watching="scan"), "up to date"),
        (index_status(watching="scan", changed=1), "1 file or folder has changed since the code was indexed"),
        (index_status(changed=3), "3 files or folders have changed since the code was indexed"),
        (index_status(finished_at=None), "not compared with the disk since the server started"),
        (index_status(watching="off"), "as the code was at "),
        (index_status("running"), "indexing"),
        (index_status("waiting", detail="no store"), "waiting – no store"),
        (index_status("failed", detail="no folder"), "the last run failed – no folder"),
    ],
)  # fmt: skip
def test_status_says_no_more_than_is_known(
    coderag: Coderag, status: tuple[IndexReport, Searchable], sentence: str
) -> None:
    """Only an index that is kept current, and is, is up to date."""
    coderag.script.index = [status]
    result = coderag("status")
    assert f"\nIndex: {sentence}" in result.stdout
    assert ("up to date" in result.stdout) == (sentence == "up to date")


def test_status_of_a_server_that_cannot_serve_exits_3(coderag: Coderag) -> None:
    """A failing server still tells which part fails."""
    coderag.script.checks["x"] = verdict("failing", "broken")
    result = coderag("status")
    assert (result.exit_code, result.stderr) == (3, "coderag: rag-server is failing.\n")
    assert "  ✗ x                 broken\n" in result.stdout


def test_status_names_the_model(coderag: Coderag) -> None:
    """The model whose vectors are searched is named, with what distinguishes it."""
    line = "  Model: fake-embedder (8 numbers, reads 256 tokens of a text, fingerprint 0123456789abcdef).\n"
    assert line in coderag("status").stdout
