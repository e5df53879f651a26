"""`coderag callers`, `similar` and `eval` against a scripted server."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from code_rag.servicekit.errors import NotFound, Overloaded
from tests.unit.rag_server.coderag import Coderag
from tests.unit.rag_server.refund_shop import CALLERS, EVALUATION, REFUNDS, SIMILAR


def test_callers_are_printed_line_by_line(coderag: Coderag) -> None:
    """Each use has its place, its definition, how sure it is, and its text; notes go to stderr."""
    result = coderag("callers", "RefundPolicy.allows", "--path", "orders", "-n", "3")
    assert result.exit_code == 0
    assert "RefundPolicy.allows is defined at orders/refunds.py:18" in result.stdout
    assert "orders/refunds.py:12  in refund  import\n    policy.allows(order, now)" in result.stdout
    assert "name only" in result.stdout
    assert "note: 1 place uses something named allows" in result.stderr
    path, asked, _ = coderag.asked()
    assert (path, asked["callers_of"], asked["path"], asked["limit"]) == (
        *("/search", "RefundPolicy.allows", "orders", 3),
    )


def test_no_callers_exit_with_one(coderag: Coderag) -> None:
    """Nothing found is not success, and JSON is printed all the same."""
    coderag.script.callers = replace(CALLERS, callers=())
    result = coderag("callers", "nothing", "--json")
    assert (result.exit_code, json.loads(result.stdout)["hits"]) == (1, [])
    assert "No place in the index uses nothing." in result.stderr


def test_similar_code_names_copies(coderag: Coderag) -> None:
    """The place is said, then each hit with its score and whether it is a copy."""
    result = coderag("similar", "orders/refunds.py:12")
    assert result.exit_code == 0
    assert "Similar to orders/refunds.py:12-22  RefundPolicy.allows:" in result.stdout
    assert "orders/refunds.py:12-22  RefundPolicy.allows  1.000  a copy" in result.stdout
    assert "docs/refunds.md:1-4  Refunds  0.435" in result.stdout
    assert coderag.asked()[1]["similar_to"] == {"path": "orders/refunds.py", "line": 12}


def test_similar_takes_a_path_from_this_machine(
    coderag: Coderag, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A whole path and one from the current folder are found by the end that the codebase has."""
    file = tmp_path / "checkout" / "orders" / "refunds.py"
    file.parent.mkdir(parents=True)
    file.write_text(REFUNDS)
    assert coderag("similar", f"{file}:3").exit_code == 0
    assert coderag.asked()[1]["similar_to"] == {"path": "orders/refunds.py", "line": 3}
    monkeypatch.chdir(file.parent)
    assert coderag("similar", "refunds.py:4").exit_code == 0
    assert coderag.asked()[1]["similar_to"] == {"path": "orders/refunds.py", "line": 4}
    file.write_text("another text")
    result = coderag("similar", f"{file}:3")
    assert (result.exit_code, "is not in the indexed codebase" in result.stderr) == (2, True)


@pytest.mark.parametrize("place", ["orders.py", "orders.py:", "orders.py:x", "orders.py:0", ":3"])
def test_a_place_without_a_line_is_refused(coderag: Coderag, place: str) -> None:
    """What is no place is said with an example."""
    result = coderag("similar", place)
    assert result.exit_code == 2
    assert "write FILE:LINE, such as" in result.stderr


def test_nothing_similar_exits_with_one(coderag: Coderag) -> None:
    """A server's refusal is exit code 2, and nothing found is 1."""
    coderag.script.similar = replace(SIMILAR, similar=())
    assert coderag("similar", "orders/refunds.py:1").exit_code == 1
    coderag.script.failures["/search"] = NotFound("orders/refunds.py is not in the index.")
    assert coderag("similar", "orders/refunds.py:1").exit_code == 2


def test_an_evaluation_is_a_table_and_words(coderag: Coderag, tmp_path: Path) -> None:
    """Means with intervals, what they mean, and the questions that were missed; the rest are notes."""
    result = coderag("eval", str(tmp_path), "--questions", "10", "--seed", "3")
    assert result.exit_code == 0
    assert "documentation (10)\nndcg@10        0.81 (0.70–0.90)" in result.stdout
    assert "Questions in words are answered well." in result.stdout
    assert "  decides on a refund → a.py; first was b.py" in result.stdout
    assert "note: No questions from git's history: not a git repository" in result.stderr
    assert "note: No commits were given." in result.stderr
    path, asked, _ = coderag.asked()
    assert (path, asked["questions"], asked["seed"], asked["commits"]) == ("/eval", 10, 3, [])


def test_an_evaluation_as_json(coderag: Coderag, tmp_path: Path) -> None:
    """Only JSON on stdout."""
    result = coderag("eval", str(tmp_path), "--json")
    assert json.loads(result.stdout)["results"][0]["measures"]["ndcg@10"]["mean"] == 0.81


def test_an_evaluation_that_cannot_be(coderag: Coderag, tmp_path: Path) -> None:
    """No questions exit with 1, and a busy server with 3."""
    coderag.script.evaluation = replace(EVALUATION, results=())
    assert coderag("eval", str(tmp_path)).exit_code == 1
    coderag.script.failures["/eval"] = Overloaded("Another evaluation is running.")
    result = coderag("eval", str(tmp_path))
    assert (result.exit_code, "Another evaluation is running." in result.stderr) == (3, True)
