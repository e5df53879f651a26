"""Which codebases `make run` was asked for, and where their index is kept."""

from pathlib import Path

import pytest

from code_rag.localstack.errors import StackError
from code_rag.localstack.options import SUGGESTED, read_options


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    """Three folders."""
    made = [tmp_path / name for name in ("shop", "billing", "accounts")]
    for folder in made:
        folder.mkdir()
    return made


def test_several_codebases_are_separated_by_colons(tmp_path: Path, folders: list[Path]) -> None:
    """Each folder is one codebase, and rag-server gets them as it reads them."""
    options = read_options(["--codebase", f"{folders[0]}:{folders[1]}:"], tmp_path)

    assert options.codebases == (folders[0], folders[1])
    assert options.codebase_path == f"{folders[0]}:{folders[1]}"
    assert options.question == SUGGESTED


def test_another_codebase_keeps_the_index(tmp_path: Path, folders: list[Path]) -> None:
    """The first of several names their index, which no single codebase and no other first one has."""
    one, two, three, other = (
        read_options(["--codebase", ":".join(map(str, chosen))], tmp_path).name
        for chosen in (folders[:1], folders[:2], folders, folders[1:])
    )

    assert two == three
    assert len({one, two, other}) == 3


@pytest.mark.parametrize("wrong", ["{0}:{1}/nowhere", "{1}/nowhere:{0}"])
def test_the_missing_one_of_several_is_named(tmp_path: Path, folders: list[Path], wrong: str) -> None:
    """A folder that does not exist stops the start, whichever it is."""
    with pytest.raises(StackError, match=f"{folders[1]}/nowhere does not exist"):
        read_options(["--codebase", wrong.format(*folders)], tmp_path)
