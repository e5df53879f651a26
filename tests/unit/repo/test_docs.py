"""What the documents say is what the code does."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DECISIONS = ROOT / "docs/decisions"


def markdown_files() -> list[Path]:
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.split()  # fmt: skip
    return [ROOT / name for name in names if not name.startswith("test-codebase/")]


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_configuration_and_env_example_agree_with_the_settings() -> None:
    """Regenerating both from the settings classes changes nothing."""
    subprocess.run([sys.executable, ROOT / "scripts/write_docs.py", "--check"], check=True)


def test_performance_page_comes_from_the_committed_results() -> None:
    """Every figure in docs/performance.md is one a benchmark wrote."""
    subprocess.run([sys.executable, "-m", "benchmarks.report", "--check"], cwd=ROOT, check=True)


@pytest.mark.parametrize("page", markdown_files(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(page: Path) -> None:
    """No relative link is broken."""
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text())
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", markdown_files(), ids=lambda page: str(page.relative_to(ROOT)))
def test_documents_name_make_targets_that_exist(page: Path) -> None:
    """`make x` in a document is a target of the Makefile."""
    named = set(re.findall(r"`make ([a-z][a-z-]*)", page.read_text()))
    benchmarks = {f"bench-{path.stem}" for path in (ROOT / "benchmarks").glob("*.py")}
    assert named - make_targets() - benchmarks == set()


def test_every_decision_is_in_the_index() -> None:
    """The table of decisions lists each file."""
    listed = set(re.findall(r"\((\d{4}-[\w-]+\.md)\)", (DECISIONS / "README.md").read_text()))
    assert listed == {path.name for path in DECISIONS.glob("[0-9]*.md")}


def test_readme_names_every_service() -> None:
    """The README's table has a row for each of the four."""
    readme = (ROOT / "README.md").read_text()
    services = ["vector-db", *(path.name for path in (ROOT / "services").iterdir() if path.is_dir())]
    assert [service for service in services if f"`{service}`" not in readme] == []


def test_the_makefile_is_a_menu() -> None:
    """At most 30 targets, each of three lines at most, each with a word of help."""
    text = (ROOT / "Makefile").read_text()
    bodies = re.findall(r"^[a-z-]+:[^\n]*\n((?:\t[^\n]*\n)*)", text, re.MULTILINE)
    phony = set(re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)[0].split())
    assert phony == make_targets()
    assert len(make_targets()) <= 30
    assert max(body.count("\n") for body in bodies) <= 3
