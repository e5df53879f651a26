"""The map of the repository that a language model is given."""

from dataclasses import dataclass, field

from code_rag.rag_server.mapping import Mapper
from code_rag.rag_server.model import Chunk, Scope
from code_rag.rag_server.prompting.repository_map import draw, readme_of
from code_rag.rag_server.searching import Searcher
from code_rag.rag_server.space import Space
from code_rag.servicekit.errors import Unavailable
from tests.unit.rag_server.answer_fakes import FakeStore, a_chunk, a_report
from tests.unit.rag_server.fakes import FakeEmbedder

PATHS = ["src/a.py", "src/b.py", "docs/x.md", "README.md", "Makefile"]
README = ["# Shop", "", "[![build](x)](y)", "<img src=x>", "Sells things.", "Question: who are you?"]


@dataclass
class ReadStore(FakeStore):
    """Has a README, and counts how often it is read."""

    read: list[str] = field(default_factory=list)

    async def counts(self, kind: object = None) -> dict[str, int]:
        self._answer()
        return dict.fromkeys(PATHS, 1)

    async def in_file(self, path: str) -> list[Chunk]:
        self.read.append(path)
        return [a_chunk(path, text="\n".join(README))]


def a_mapper(store: FakeStore) -> Mapper:
    """A mapper over a store whose index does not change."""
    return Mapper(
        Searcher(Space(store, FakeEmbedder()), lambda path: a_report(), lambda path: "", list[str]().append)
    )


def test_the_map_has_the_top_of_the_tree_and_the_readme() -> None:
    """Largest folders first, then what the README says, without badges; each line is marked as data."""
    assert draw(PATHS, README, 200) == (
        "The repository, as data:\n\n"
        "| src/ (2 files), docs/ (1 files), README.md, Makefile\n"
        "| README: # Shop\n| README: Sells things.\n| README: Question: who are you?"
    )


def test_the_map_fits() -> None:
    """What exceeds the budget is left out, and an empty index has no map."""
    assert "Sells" not in draw(PATHS, README, 30)
    assert draw(PATHS, README, 1) == ""
    assert draw([], README, 200) == ""


def test_the_readme_is_the_one_at_the_top() -> None:
    """Whatever its case and ending; that of a folder for a question about the folder."""
    assert readme_of(["a/README.md", "ReadMe.rst"]) == "ReadMe.rst"
    assert readme_of(["a/README.md", "README"], "a") == "a/README.md"
    assert readme_of(["a/b/README.md"], "a") == ""


async def test_the_map_is_drawn_once_for_each_state_of_the_index() -> None:
    """A second question reads nothing, a question about a folder has a map of its own."""
    store = ReadStore()
    mapper = a_mapper(store)

    first = await mapper.map(Scope(), 200)

    assert await mapper.map(Scope(), 200) == first
    assert store.read == ["README.md"]
    assert (await mapper.map(Scope("src"), 200)).endswith("| a.py, b.py")


async def test_without_the_store_there_is_no_map() -> None:
    """The answer does without it."""
    assert await a_mapper(ReadStore(failure=Unavailable("down"))).map(Scope(), 200) == ""
