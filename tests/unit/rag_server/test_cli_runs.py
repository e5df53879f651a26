"""`coderag index` and `coderag status`, against a rag-server with scripted answers."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from code_rag.rag_server.progress import FileError, IndexReport, Searchable
from code_rag.rag_server.wire import CodebaseStatus, IndexStatus
from tests.unit.rag_server.coderag import Coderag
from tests.unit.rag_server.fake_rag_server import Script, running
from tests.unit.rag_server.refund_shop import INDEXED, index_status, verdict


def test_index_waits_for_the_end(coderag: Coderag) -> None:
    """The run is followed in lines on stderr until it is over, then summed up."""
    half = index_status("running", replace(INDEXED, indexed=0, pending=60))
    most = index_status("running", replace(INDEXED, indexed=0, pending=12))
    coderag.script.index = [half, half, most, index_status()]
    result = coderag("index", "orders")
    assert result.exit_code == 0, result.stderr
    assert result.stderr == (
        "Indexing: 50 % of 120 files, 840 new chunks in 3.2 s (262 chunks/s)\n"
        "Indexing: 90 % of 120 files, 840 new chunks in 3.2 s (262 chunks/s)\n"
    )
    assert (
        "Files indexed: 24 (96 unchanged, 1 removed, 0 failed), 840 new chunks in 3.2 s (262 chunks/s)."
        in result.stdout
    )
    assert "Skipped: 310 ignored, 12 binary, 2 too large." in result.stdout
    assert ("/index", {"path": "orders", "codebase": None}) in [
        (path, body) for path, body, _ in coderag.script.requests
    ]


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
    assert "Searchable: 840 chunks of 120 files." in result.stdout


def test_status_json_holds_health_and_index(coderag: Coderag) -> None:
    """--json brings the URL, the health report and the index status."""
    body = json.loads(coderag("status", "--json").stdout)
    assert body["url"] == coderag.url
    assert body["health"]["checks"]["vector-db"] == {"status": "ok", "detail": ""}
    report, searchable = index_status()
    codebase = CodebaseStatus.of("shop", report, searchable)
    assert body["index"] == IndexStatus.of(report, searchable, [codebase]).model_dump(mode="json")


@pytest.fixture
def several() -> Iterator[Coderag]:
    """The command, and a server with two codebases."""
    script = Script(codebases=("shop", "accounts"))
    with running(script) as url:
        yield Coderag(script, url)


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
    assert several.script.requests[0][1] == {"path": "", "codebase": "accounts"}
    assert several("index", "--codebase", "shpo").stderr == (
        "coderag: codebase: there is no 'shpo', only shop, accounts.\n"
    )


def test_status_of_a_server_that_cannot_serve_exits_3(coderag: Coderag) -> None:
    """A failing server still tells which part fails."""
    coderag.script.checks["x"] = verdict("failing", "broken")
    result = coderag("status")
    assert (result.exit_code, result.stderr) == (3, "coderag: rag-server is failing.\n")
    assert "  ✗ x                 broken\n" in result.stdout
