"""Notebooks: the source of their cells as text, found, cited and shown by the same lines."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.rag_server.chunking import chunk_file
from code_rag.rag_server.codebase import Codebase
from code_rag.rag_server.codebase.notebooks import Notebook, render_notebook
from code_rag.rag_server.model import SourceFile

PLOT = {"output_type": "display_data", "data": {"image/png": "iVBORw0KGgo" * 20_000}}


def cell(kind: str, source: str | list[str], **more: Any) -> dict[str, Any]:
    """A cell as Jupyter writes it."""
    return {"cell_type": kind, "metadata": {}, "source": source, **more}


def notebook(*cells: dict[str, Any], metadata: dict[str, Any] | None = None) -> str:
    """A notebook with these cells."""
    return json.dumps(
        {"cells": cells, "metadata": metadata or {}, "nbformat": 4, "nbformat_minor": 5}, indent=1
    )


def test_cells_become_one_text() -> None:
    """Markdown is commented, code stays as it is, and what is no Python is commented."""
    text = notebook(
        cell("markdown", ["# Churn\n", "\n", "Who stops ordering."]),
        cell("code", ["%matplotlib inline\n", "!pip install x\n", "def churn(a):\n", "    return a % 2\n"]),
        cell("code", "%%bash\nls *.csv"),
        cell("raw", "note"),
        cell("code", [], outputs=[PLOT]),
    )
    assert render_notebook(text) == Notebook(
        "# %% [markdown]\n# # Churn\n#\n# Who stops ordering.\n\n"
        "# %%\n# %matplotlib inline\n# !pip install x\ndef churn(a):\n    return a % 2\n\n"
        "# %%\n# %%bash\n# ls *.csv\n\n# %% [raw]\n# note\n",
        "python",
    )


@pytest.mark.parametrize(
    ("metadata", "language", "comment"),
    [
        ({"language_info": {"name": "python", "file_extension": ".py"}}, "python", "#"),
        ({"language_info": {"name": "R", "file_extension": ".r"}}, "r", "#"),
        ({"language_info": {"name": "typescript", "file_extension": ".ts"}}, "typescript", "//"),
        ({"kernelspec": {"language": "julia"}}, "julia", "#"),
        ({"kernelspec": {"language": "C++"}}, "cpp", "//"),
        ({"language_info": {"name": "sql"}}, "sql", "--"),
        ({}, "python", "#"),
    ],
)
def test_the_kernel_names_the_language(metadata: dict[str, Any], language: str, comment: str) -> None:
    """Cells are code in the kernel's language, with its comments."""
    found = render_notebook(notebook(cell("markdown", "text"), metadata=metadata))
    assert found == Notebook(f"{comment} %% [markdown]\n{comment} text\n", language)


def test_notebooks_of_version_three_are_read() -> None:
    """Old notebooks keep cells in worksheets and code under another name."""
    old = {"worksheets": [{"cells": [{"cell_type": "code", "input": ["x = 1"]}]}], "metadata": {}}
    assert render_notebook(json.dumps(old)) == Notebook("# %%\nx = 1\n", "python")


@pytest.mark.parametrize(
    "text",
    ["[]", "{}", "null", "<<<<<<< HEAD\n{", '{"cells": [1]}', "[" * 100_000],
)
def test_anything_else_is_no_notebook(text: str) -> None:
    """Broken or foreign JSON gives nothing, and no error."""
    assert render_notebook(text) is None


@given(st.lists(st.tuples(st.sampled_from(["code", "markdown", "raw"]), st.text(max_size=30)), max_size=5))
def test_no_code_line_is_lost(cells: list[tuple[str, str]]) -> None:
    """Whatever the cells contain, each line of their source is in the text, in order."""
    found = render_notebook(notebook(*(cell(kind, text) for kind, text in cells)))
    assert found is not None
    rest = iter(found.text.split("\n"))
    for _, text in cells:
        for line in filter(str.strip, text.split("\n")):
            assert any(line.rstrip().strip() in shown for shown in rest)


def test_a_large_notebook_is_found_by_its_cells(tmp_path: Path) -> None:
    """Outputs do not count for the size; chunks, lines and the file's text are those of the cells."""
    code = [
        "def churn_rate(frame):\n",
        '    """Share of customers who left."""\n',
        "    return frame.mean()\n",
    ]
    content = notebook(cell("markdown", "Plots"), cell("code", code, outputs=[PLOT] * 10))
    (tmp_path / "churn.ipynb").write_text(content)
    assert len(content) > 2_000_000
    file = Codebase(tmp_path).source("churn.ipynb")
    assert isinstance(file, SourceFile)
    (chunk,) = chunk_file(file).chunks
    assert (chunk.symbol, chunk.language) == ("churn_rate", "python")
    assert Codebase(tmp_path).lines("churn.ipynb") == [*chunk.text.split("\n"), ""]
    assert "iVBOR" not in file.text
