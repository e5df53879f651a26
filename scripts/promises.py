"""Checks that the tests named in docs/promises.md ran and passed: `python -m scripts.promises REPORT ...`.

The reports are those of pytest (`--junitxml`). With `--without FOLDER` the tests of a folder need not have
run: for a machine without containers, where that is said.
"""

import argparse
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/promises.md"
_ROW = re.compile(r"^\| (?!promise|---)(?P<promise>[^|]+) \| (?P<tests>[^|]+) \|$", re.MULTILINE)
_TEST = re.compile(r"`(tests/[\w/]+\.py::\w+)`")


def promises(text: str) -> dict[str, list[str]]:
    """The promises of a page, each with the ids of the tests that hold it."""
    return {found["promise"]: _TEST.findall(found["tests"]) for found in _ROW.finditer(text)}


def passed(reports: Collection[Path]) -> set[str]:
    """The ids of the tests that passed, in every variant that ran; raises OSError and ParseError."""
    ran: set[str] = set()
    failed: set[str] = set()
    for report in reports:
        for name, well in _cases(report):
            (ran if well else failed).add(name)
    return ran - failed


def unheld(page: str, reports: Collection[Path], without: Collection[str] = ()) -> Iterator[str]:
    """A line for each promise of which a test did not pass."""
    well = passed(reports)
    for promise, tests in promises(page).items():
        wanted = [test for test in tests if not test.startswith(tuple(without))]
        if missing := [test for test in wanted if test not in well]:
            yield f"{promise}: did not run, was skipped or failed: {', '.join(missing)}"


def _cases(report: Path) -> Iterator[tuple[str, bool]]:
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314 – our own report
        file = case.get("classname", "").replace(".", "/") + ".py"
        well = not any(case.find(kind) is not None for kind in ("failure", "error", "skipped"))
        yield f"{file}::{case.get('name', '').partition('[')[0]}", well


def main() -> None:
    """Print which promises are not held, and fail if there is one."""
    parser = argparse.ArgumentParser(description="Checks that the tests of docs/promises.md passed.")
    parser.add_argument("reports", nargs="+", type=Path)
    parser.add_argument("--without", action="append", default=[], metavar="FOLDER")
    given = parser.parse_args()
    page = PAGE.read_text()
    if broken := list(unheld(page, given.reports, given.without)):
        raise SystemExit("\n".join(broken))
    for folder in given.without:
        print(f"!!! Not checked on this machine: {folder}")
    print(f"All {len(promises(page))} promises are held by tests that passed.")


if __name__ == "__main__":
    main()
