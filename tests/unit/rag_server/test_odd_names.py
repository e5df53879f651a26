"""Files with names that few expect: with line feeds, controls, and paths longer than the system takes."""

import os
from pathlib import Path
from urllib.parse import quote

import pytest

from code_rag.rag_server.codebase import Codebase
from code_rag.rag_server.codebase.codebases import Codebases
from code_rag.rag_server.codebase.explaining import explain
from code_rag.rag_server.model import SkippedFile
from code_rag.rag_server.routes.inputs import exclusion_of
from tests.unit.rag_server.index_bench import bench_in, function
from tests.unit.rag_server.live_app import an_app, live

LONG_NAME = "long_" * 40
LONGEST_PATH = 4_096
"""In bytes, with the zero at the end: Linux' PATH_MAX."""


@pytest.mark.parametrize(
    "name", ["two\nlines.py", "ends\n.py", "\n.py", "\x1b[2Jclear.py", "tab\t.py", "quote'\".py", "?#%2e.py"]
)
async def test_an_odd_name_is_read_found_and_opened(tmp_path: Path, name: str) -> None:
    """A file may be called anything: it is indexed, found under its name, and opened at its address."""
    async with bench_in(tmp_path) as bench:
        bench.write(f"in/{name}", function("oddity"))
        report = await bench.index()
        found = await bench.found("oddity")
        async with live(an_app(bench.root)) as http:
            opened = await http.get("/files/" + quote(f"in/{name}", safe=""))
            why = await http.get("/index/why-not", params={"path": f"in/{name}"})

    assert (report.skipped, found) == ({}, [f"in/{name}"])
    assert (opened.status_code, opened.json()["path"]) == (200, f"in/{name}")
    assert opened.json()["text"] == function("oddity")
    assert why.json()["reason"] == ""


async def test_a_line_feed_at_the_end_is_part_of_the_name(tmp_path: Path) -> None:
    """An address that ends in one does not open the file whose name has none."""
    (tmp_path / "a.py").write_text("x = 1\n")
    async with live(an_app(tmp_path)) as http:
        assert (await http.get("/files/a.py%0A")).status_code == 404
        assert (await http.get("/files/a.py")).status_code == 200


def deep_tree(root: Path) -> str:
    """Folders in folders until their path cannot be written in one piece; the path of the last one."""
    path, here = "", os.open(root, os.O_RDONLY)
    while len(os.fsencode(root / path)) < LONGEST_PATH:
        os.mkdir(LONG_NAME, dir_fd=here)
        above, here = here, os.open(LONG_NAME, os.O_RDONLY, dir_fd=here)
        os.close(above)
        path = f"{path}/{LONG_NAME}".lstrip("/")
        with os.fdopen(os.open("a.py", os.O_WRONLY | os.O_CREAT, dir_fd=here), "w") as file:
            file.write("x = 1\n")
    os.close(here)
    return path


def test_a_path_that_is_too_long_is_left_out_with_the_reason(tmp_path: Path) -> None:
    """What is above it is read; what the system cannot open is counted, and `coderag why-not` says why."""
    path = deep_tree(tmp_path)
    entries = list(Codebase(tmp_path).walk())
    skipped = [entry for entry in entries if isinstance(entry, SkippedFile)]

    assert len(entries) > 10
    assert {entry.reason for entry in skipped} == {"unreadable"}
    (last,) = {entry.path.rstrip("/") for entry in skipped}
    assert path.startswith(last)
    asked, exclusion = exclusion_of(Codebases([tmp_path]), last)
    assert asked == last
    assert exclusion == explain(skipped[0])
    assert "its path is not longer than the system allows (4,096 bytes on Linux)" in exclusion.advice
