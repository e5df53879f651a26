"""docs/promises.md names tests that exist, and the check of their reports notices what did not pass."""

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.promises import PAGE, ROOT, promises, unheld

NAMED = (
    "Nothing indexed is lost by a kill",
    "No answer cites a line that does not exist",
    "No code leaves the machine but to the configured model",
    "No file of secrets is stored",
    "Every degradation is visible",
    "Going to the next version and back keeps the index",
)
ROW = "| It works | `tests/unit/test_a.py::test_one`, `tests/kind/test_b.py::test_two` |\n"


def test_the_promises_are_there() -> None:
    """Each promise has a test, and none of those that matter most is missing."""
    found = promises(PAGE.read_text())
    assert all(found.values())
    assert [each for each in NAMED if not any(each in promise for promise in found)] == []


def test_the_named_tests_are_collected() -> None:
    """pytest finds each test that a promise names."""
    tests = sorted({test for each in promises(PAGE.read_text()).values() for test in each})
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", *tests],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def report(folder: Path, *cases: tuple[str, str, str]) -> Path:
    """A report of pytest with these cases: where, name, and what happened."""
    body = "".join(
        f'<testcase classname="{where}" name="{name}">{what}</testcase>' for where, name, what in cases
    )
    file = folder / "report.xml"
    file.write_text(f"<testsuites><testsuite>{body}</testsuite></testsuites>")
    return file


ONE = ("tests.unit.test_a", "test_one[x]", "")
TWO = ("tests.kind.test_b", "test_two", "")


@pytest.mark.parametrize(
    ("one", "held"),
    [
        ([ONE], True),
        (
            [("tests.unit.test_a", "test_one[x]", ""), ("tests.unit.test_a", "test_one[y]", "<failure/>")],
            False,
        ),
        ([("tests.unit.test_a", "test_one", "<skipped/>")], False),
        ([("tests.unit.test_a", "test_one", "<error/>")], False),
        ([("tests.unit.test_b", "test_one", "")], False),
        ([], False),
    ],
)
def test_only_what_passed_holds(tmp_path: Path, one: list[tuple[str, str, str]], held: bool) -> None:
    """A test that failed in one variant, was skipped or did not run holds nothing."""
    assert (list(unheld(ROW, [report(tmp_path, *one, TWO)])) == []) is held


def test_a_folder_may_be_left_out(tmp_path: Path) -> None:
    """Where containers cannot run, their tests are left out by name only."""
    reports = [report(tmp_path, ("tests.unit.test_a", "test_one", ""))]
    assert list(unheld(ROW, reports)) == [
        "It works: did not run, was skipped or failed: tests/kind/test_b.py::test_two"
    ]
    assert list(unheld(ROW, reports, ["tests/kind"])) == []
