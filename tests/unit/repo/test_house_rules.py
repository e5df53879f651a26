"""The house rules of CONTRIBUTING.md that a machine can check."""

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
MAX_FILE_LINES = 250
MAX_FUNCTION_LINES = 30
FORBIDDEN_NAMES = ("utils", "helpers", "common", "manager")


@cache
def tracked(*patterns: str) -> tuple[Path, ...]:
    """The files that git knows and that match, without the sample codebase."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    files = (ROOT / name for name in listed.split("\0") if name and not name.startswith("test-codebase/"))
    return tuple(file for file in files if file.is_file())


def relative(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


@cache
def source() -> tuple[Path, ...]:
    """The Python files of packages, services, scripts and benchmarks."""
    return tracked("packages/*.py", "services/*.py", "scripts/*.py", "benchmarks/*.py")


@pytest.mark.parametrize("file", tracked("*.py", "*.js", "*.mjs", "*.css", "*.sh"), ids=relative)
def test_files_are_short(file: Path) -> None:
    """No file is longer than a reader keeps in mind."""
    assert len(file.read_text().splitlines()) <= MAX_FILE_LINES


@pytest.mark.parametrize("file", tracked("*.py"), ids=relative)
def test_functions_are_short(file: Path) -> None:
    """No function is longer than a screen, its signature and docstring included."""
    functions = [
        node
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    lengths = {node.name: (node.end_lineno or 0) - node.lineno + 1 for node in functions}
    assert {name: lines for name, lines in lengths.items() if lines > MAX_FUNCTION_LINES} == {}


@pytest.mark.parametrize("file", tracked("*.py", "*.js"), ids=relative)
def test_files_are_named_after_what_they_hold(file: Path) -> None:
    """No file or folder has a name under which anything could be put."""
    names = {Path(part).stem for part in file.relative_to(ROOT).parts}
    assert names.isdisjoint(FORBIDDEN_NAMES)


def test_the_namespace_stays_open() -> None:
    """No code_rag/__init__.py: it would hide the parts of the other packages (PEP 420)."""
    assert [relative(file) for file in source() if relative(file).endswith("src/code_rag/__init__.py")] == []


def modules() -> list[str]:
    """Every module of ours as people name it: `rag_server/ranking.py`, or `rag_server/cli` for a package."""
    found = []
    for file in source():
        _, in_namespace, name = relative(file).partition("/src/code_rag/")
        if in_namespace:
            found.append(name.removesuffix("/__init__.py"))
    return found


@pytest.mark.parametrize("module", modules())
def test_every_module_has_its_place_in_the_architecture(module: str) -> None:
    """docs/architecture.md names each module, so that a stranger finds where a thing is."""
    text = (ROOT / "docs/architecture.md").read_text()
    assert f"`{Path(module).name}`" in text


def glossary() -> dict[str, str]:
    """The retired words of CONTRIBUTING.md, as regular expressions, and what is written instead."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    table = text.partition("## Words")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| `([^`]+)` \| ([^|]+?) \|$", table, re.MULTILINE))


READ_BY_PEOPLE = tracked(
    "packages", "services", "scripts", "benchmarks/*.py", "k8s", "docs/*.md", "*.md", "Makefile", "Tiltfile",
    "docker-compose*.yml", "kind-config.yaml", ".env.example",
)  # fmt: skip
STOP_WORDS = re.compile(r'^_EMPTY_WORDS = """.*?"""', re.MULTILINE | re.DOTALL)
"""Words of questions that people ask, which are data."""
NOT_PROSE = (".png", ".svg", ".json", ".typed")


def test_the_glossary_has_twenty_words() -> None:
    """The table in CONTRIBUTING.md is found and read."""
    assert len(glossary()) == 20


@pytest.mark.parametrize(
    "file", [file for file in READ_BY_PEOPLE if file.suffix not in NOT_PROSE], ids=relative
)
def test_retired_words_are_not_used(file: Path) -> None:
    """Source, documents and messages are in present-day technical English."""
    text = STOP_WORDS.sub("", file.read_text())
    if file.name == "CONTRIBUTING.md":
        text = text.partition("## Words")[0] + text.partition("## Words")[2].partition("\n## ")[2]
    used = {
        f"line {text[: match.start()].count(chr(10)) + 1}: {match[0]!r}, write {instead}"
        for word, instead in glossary().items()
        for match in re.finditer(rf"\b(?:{word})\b", text, re.IGNORECASE)
    }
    assert used == set()
