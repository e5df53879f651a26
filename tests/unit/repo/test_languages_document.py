"""docs/languages.md says which languages have symbols."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_every_grammar_is_in_the_table_of_languages() -> None:
    """The document names the grammars that rag-server installs, and no other as installed."""
    project = tomllib.loads((ROOT / "services/rag-server/pyproject.toml").read_text(encoding="utf-8"))
    installed = set(re.findall(r"\btree-sitter-[a-z-]+", " ".join(project["project"]["dependencies"])))
    table = (ROOT / "docs/languages.md").read_text(encoding="utf-8").partition("## Without symbols")[0]
    assert set(re.findall(r"`(tree-sitter-[a-z-]+)`", table)) == installed
