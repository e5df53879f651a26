"""What routes make of the paths and queries that callers send."""

from pathlib import Path
from unicodedata import normalize

import pytest

from code_rag.rag_server.codebase.codebases import Codebases
from code_rag.rag_server.model import Scope
from code_rag.rag_server.routes.inputs import clean_query, scope_of, source_of
from code_rag.servicekit.errors import InvalidInput, NotFound

ONE = Codebases([Path("/nowhere/shop")])
SEVERAL = Codebases([Path("/nowhere/shop"), Path("/nowhere/billing")])


def test_a_source_file_is_read(tmp_path: Path) -> None:
    """A file that indexing would read comes back whole."""
    (tmp_path / "orders.py").write_text("one\n")
    assert source_of(Codebases([tmp_path]), "orders.py").text == "one\n"


@pytest.mark.parametrize("path", ["", "nothing.py", ".env", "../outside.py", "x" * 5000])
def test_everything_else_is_not_found_alike(tmp_path: Path, path: str) -> None:
    """Missing, secret and outside files all get the same answer, word for word."""
    (tmp_path / ".env").write_text("API_KEY=abc")
    with pytest.raises(NotFound) as caught:
        source_of(Codebases([tmp_path]), path)
    assert (caught.value.message, caught.value.param) == (
        "There is no such file in the indexed codebase.", "path",
    )  # fmt: skip


def test_a_nul_is_refused(tmp_path: Path) -> None:
    """A NUL in a path is the caller's mistake."""
    with pytest.raises(InvalidInput, match="NUL"):
        source_of(Codebases([tmp_path]), "a\0b")


def test_queries_lose_nul_and_outer_space() -> None:
    """NUL characters and outer white space are dropped, and nothing else."""
    assert clean_query(" a\0b \n c ", "query") == "ab \n c"


@pytest.mark.parametrize("text", [" ", "\n\t", "\0", " \0 ", "\u3000"])
def test_blank_queries_are_refused(text: str) -> None:
    """What holds no visible character is the caller's mistake, named after their field."""
    with pytest.raises(InvalidInput, match="question: must contain more than whitespace"):
        clean_query(text, "question")


def test_half_a_character_is_refused() -> None:
    """A lone surrogate, which JSON can hold and no service can be sent, is the caller's mistake."""
    with pytest.raises(InvalidInput, match="messages: must be valid Unicode"):
        clean_query("a\ud800b", "messages")


def test_queries_and_paths_are_composed(tmp_path: Path) -> None:
    """What a keyboard sends in parts is looked for in the form in which it is indexed (NFC)."""
    assert clean_query(normalize("NFD", "정산 größe"), "query") == "정산 größe"
    assert scope_of(Codebases([tmp_path]), normalize("NFD", "정산/größe"), None) == Scope("정산/größe")


def test_a_query_has_a_length_limit() -> None:
    """A query of 8,000 characters passes, one more does not."""
    assert len(clean_query("x" * 8000, "messages")) == 8000
    with pytest.raises(InvalidInput, match=r"messages: .* 8,000 characters"):
        clean_query("x" * 8001, "messages")


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        (None, ""), ("", ""), ("/", ""), (".", ""), ("./", ""), ("shop/", "shop"),
        ("/shop//orders.py", "shop/orders.py"),
        ("./shop/./a b.py", "shop/a b.py"), ("..hidden", "..hidden"),
    ],
)  # fmt: skip
def test_scope_paths_are_normalised(path: str | None, scope: str) -> None:
    """Every spelling of a folder is the one that the index knows."""
    assert scope_of(ONE, path, None) == Scope(scope, "")


def test_scope_languages_are_lower_case() -> None:
    """Languages are known by their lower-case names."""
    assert scope_of(ONE, None, " Python ") == Scope("", "python")


@pytest.mark.parametrize("path", ["..", "../secret", "shop/../../x"])
def test_a_scope_cannot_leave_the_codebase(path: str) -> None:
    """A path with a parent step is refused."""
    with pytest.raises(InvalidInput, match="path: must stay inside"):
        scope_of(ONE, path, None)


@pytest.mark.parametrize(
    ("path", "codebase", "scope"),
    [
        (None, "shop", "shop"), ("shop", "shop", "shop"), ("shop/orders/", " shop ", "shop/orders"),
        ("billing/tax.py", None, "billing/tax.py"), (None, None, ""),
    ],
)  # fmt: skip
def test_a_codebase_narrows_to_its_paths(path: str | None, codebase: str | None, scope: str) -> None:
    """Among several a codebase is the folder of its name, and paths are written as results show them."""
    assert scope_of(SEVERAL, path, None, codebase) == Scope(scope, "")


def test_the_only_codebase_narrows_nothing() -> None:
    """Where there is one codebase its paths have no prefix, so that its name stands for everything."""
    assert scope_of(ONE, None, None, "shop") == Scope("", "")
    assert scope_of(ONE, "orders", None, "shop") == Scope("orders", "")


def test_an_unknown_codebase_is_refused() -> None:
    """A name that no codebase has is the caller's mistake; the answer lists the names there are."""
    with pytest.raises(NotFound, match="no 'shpo', only shop, billing") as caught:
        scope_of(SEVERAL, None, None, "shpo")
    assert caught.value.param == "codebase"


def test_a_path_of_another_codebase_is_refused() -> None:
    """A path outside the named codebase would find nothing; the answer says how it is written."""
    with pytest.raises(InvalidInput, match="'orders' is not in 'shop'; is it 'shop/orders'") as caught:
        scope_of(SEVERAL, "orders", None, "shop")
    assert caught.value.param == "path"
