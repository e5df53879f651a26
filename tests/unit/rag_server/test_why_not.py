"""Why a file is not indexed: one answer for each reason, over HTTP and in the terminal."""

import json
from pathlib import Path

import httpx2
import pytest

from code_rag.rag_server.codebase import Codebase
from code_rag.rag_server.codebase.explaining import Exclusion, explain
from code_rag.rag_server.codebase.options import Options
from code_rag.rag_server.codebase.paths import PathOutsideError
from code_rag.rag_server.codebase.skipping import Reason
from code_rag.rag_server.model import SkippedFile
from code_rag.servicekit.errors import Unavailable
from tests.unit.rag_server.answer_fakes import FakeStore
from tests.unit.rag_server.coderag import Coderag
from tests.unit.rag_server.live_app import an_app, live
from tests.unit.rag_server.test_discovery import found, write

MARKED = "// @generated\nint x;\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A codebase with something for each reason that can be overruled, and some that cannot."""
    write(tmp_path, "src/a.py", "build/x.py", "vendor/x.go", "data/[1]/x.log", "id_rsa", "clone/.git/HEAD")
    write(tmp_path, "gen/x.c", content=MARKED)
    write(tmp_path, "min.js", content=("x=1;" * 60 + "\n") * 20)
    write(tmp_path, "big.json", content=b'{"a": 1},\n' * 11_000)
    write(tmp_path, ".gitignore", content="# logs\n*.log\n")
    (tmp_path / "link").symlink_to(tmp_path.parent)
    (tmp_path / "loop").symlink_to(".")
    (tmp_path / "nothing").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("path", "place", "reason"),
    [
        ("build/x.py", "build/", "build_output"),
        ("build/deep/er", "build/", "build_output"),
        ("vendor", "vendor/", "vendored"),
        ("data/[1]/x.log", "data/[1]/x.log", "ignored"),
        ("gen/x.c", "gen/x.c", "generated"),
        ("./min.js", "min.js", "minified"),
        ("big.json", "big.json", "too_large"),
    ],
)
def test_the_advice_works(tree: Path, path: str, place: str, reason: str) -> None:
    """The line that is named, added to `.ragignore`, brings the file or folder into the index."""
    exclusion = Codebase(tree).exclusion(path)
    assert exclusion is not None
    assert (exclusion.path, exclusion.reason) == (place, reason)
    line = exclusion.advice.partition("`")[2].partition("`")[0]
    write(tree, ".ragignore", content=f"{line}\n")
    assert any(read.startswith(place) for read in found(tree))
    assert Codebase(tree).exclusion(place.rstrip("/")) is None


def test_the_rule_is_named(tree: Path) -> None:
    """An ignored file comes with the file, the line and the pattern that ignore it."""
    exclusion = Codebase(tree).exclusion("data/[1]/x.log")
    assert exclusion is not None
    assert exclusion.rule == ".gitignore, line 2: *.log"
    assert exclusion.explanation == "A rule leaves it out (.gitignore, line 2: *.log)."
    assert "`!/data/\\[1]/x.log`" in exclusion.advice
    write(tree, ".ragignore", content="data/\n")
    own = Codebase(tree).exclusion("data/x")
    assert own is not None
    assert (own.rule, own.advice) == (".ragignore, line 1: data/", "Change that rule.")


@pytest.mark.parametrize(
    ("path", "place", "reason"),
    [
        ("id_rsa", "id_rsa", "secret"),
        ("src/id_rsa", "src/id_rsa", "secret"),
        ("link/x", "link", "symlink"),
        ("loop/src", "loop", "symlink"),
        ("clone/a.py", "clone/", "nested_repository"),
        ("src", None, None),
        ("src/a.py", None, None),
        ("nothing", None, None),
        ("", None, None),
    ],
)
def test_other_paths_are_answered(tree: Path, path: str, place: str | None, reason: str | None) -> None:
    """Secrets are answered by their name; what is read has no reason; a missing file is an error."""
    exclusion = Codebase(tree).exclusion(path)
    assert (exclusion and exclusion.path, exclusion and exclusion.reason) == (place, reason)


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("missing.py", FileNotFoundError),
        ("src/a.py/x", FileNotFoundError),
        ("../x", PathOutsideError),
        ("/etc", PathOutsideError),
        ("a\0b", PathOutsideError),
    ],
)
def test_what_is_not_there_is_an_error(tree: Path, path: str, error: type[Exception]) -> None:
    """Nothing is said about a file that does not exist, or about what is outside."""
    with pytest.raises(error):
        Codebase(tree).exclusion(path)


@pytest.mark.parametrize("reason", Reason)
def test_each_reason_has_its_sentences(reason: Reason) -> None:
    """Every reason is explained, and says what to do, with nothing left to fill in."""
    exclusion = explain(SkippedFile("a/{b}.py", reason, "rule"))
    assert exclusion.explanation.endswith(".")
    assert exclusion.advice.endswith(".")
    assert "{" not in exclusion.explanation + exclusion.advice.replace("a/{b}.py", "")


def test_a_setting_lets_repositories_in(tree: Path) -> None:
    """The setting that the advice names is the one that counts."""
    write(tree, "clone/a.py")
    exclusion = Codebase(tree).exclusion("clone")
    assert exclusion is not None
    assert "INDEX_NESTED_REPOSITORIES=true" in exclusion.advice
    assert Codebase(tree, Options(nested_repositories=True)).exclusion("clone/a.py") is None


async def test_the_endpoint_answers(client: httpx2.AsyncClient, codebase: Path) -> None:
    """Reason, rule and advice for what is left out; an error for what is missing, outside or not asked."""
    write(codebase, "build/x.py")
    left_out = (await client.get("/index/why-not", params={"path": "build/x.py"})).json()
    waiting = (await client.get("/index/why-not", params={"path": "shop/"})).json()
    statuses = [
        (await client.get("/index/why-not", params=params)).status_code
        for params in ({"path": "none.py"}, {"path": "../x"}, {"path": "a\0"}, {})
    ]
    assert (left_out["reason"], left_out["left_out"], left_out["chunks"]) == ("build_output", "build/", 0)
    assert "!/build/" in left_out["advice"]
    assert (waiting["reason"], waiting["chunks"]) == ("", 0)
    assert "coderag index" in waiting["advice"]
    assert statuses == [404, 400, 400, 400]


async def test_rules_are_explained_without_the_store(codebase: Path) -> None:
    """A store that is down hides no rule: only what needs its counts is an error."""
    store = FakeStore(failure=Unavailable("It is down."))
    async with live(an_app(codebase, store)) as http:
        secret = await http.get("/index/why-not", params={"path": ".env"})
        kept = await http.get("/index/why-not", params={"path": "shop"})
    assert (secret.json()["reason"], kept.status_code) == ("secret", 503)


def test_the_command_prints_reason_and_advice(coderag: Coderag) -> None:
    """One line says what is left out, the next ones why and what to do."""
    coderag.script.exclusions["build/x.py"] = Exclusion(
        "build/", "build_output", "", "It is output.", "Add it."
    )
    left_out, indexed = coderag("why-not", "build/x.py"), coderag("why-not", "orders/refunds.py")
    waiting, missing = coderag("why-not", "docs/refunds.md"), coderag("why-not", "none")
    assert left_out.stdout == "build/: left out (build_output)\n  It is output.\n  Add it.\n"
    assert indexed.stdout == "orders/refunds.py: indexed (2 chunks)\n  It is indexed.\n"
    assert waiting.stdout.startswith("docs/refunds.md: not indexed yet\n")
    assert (left_out.exit_code, waiting.exit_code, missing.exit_code) == (0, 0, 2)
    assert missing.stderr == "coderag: There is no such file or folder in the codebase.\n"


def test_the_command_prints_json(coderag: Coderag) -> None:
    """--json prints what the server sent."""
    coderag.script.exclusions["a"] = Exclusion("a", "ignored", ".gitignore, line 1: a", "A rule.", "Add it.")
    body = json.loads(coderag("why-not", "a", "--json").stdout)
    assert (body["path"], body["reason"], body["rule"]) == ("a", "ignored", ".gitignore, line 1: a")
