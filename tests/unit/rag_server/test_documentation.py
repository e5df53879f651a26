"""The documentation of definitions: what it says, and the rows that it is in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.rag_server.chunking.documentation import Documented, documented
from code_rag.rag_server.model import SourceFile


def found(language: str, text: str) -> list[Documented]:
    return documented(SourceFile("a", text, language, "d"))


def test_docstrings_of_python() -> None:
    """Functions, methods and classes count, and a body that is nothing but its docstring does not."""
    text = (
        'class A:\n    """One.\n\n    More.\n    """\n\n    def m(self):\n        "Two."\n        return 1\n'
        '\n    def n(self):\n        "Alone."\n'
    )
    assert found("python", text) == [
        Documented("A", "One.\n\nMore.", 1, 5),
        Documented("A.m", "Two.", 7, 8),
    ]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("go", "// Cancel ends it.\n// For good.\nfunc Cancel() {}",
         Documented("Cancel", "Cancel ends it.\nFor good.", 0, 2)),
        ("java", "class A {\n  /**\n   * Ends it.\n   */\n  @Override\n  void cancel() {}\n}",
         Documented("A.cancel", "Ends it.", 1, 4)),
        ("rust", "/// Ends it.\n#[inline]\nfn cancel() {}", Documented("cancel", "Ends it.", 0, 1)),
        ("ruby", "# Ends it.\ndef cancel; end", Documented("cancel", "Ends it.", 0, 1)),
        ("javascript", "/** Ends it. */\nfunction cancel() {}", Documented("cancel", "Ends it.", 0, 1)),
        ("c", "#include <a.h>\nint cancel(void) { return 1; }", None),
        ("markdown", "# Title\ntext", None),
    ],
)  # fmt: skip
def test_comments_before_a_definition(language: str, text: str, expected: Documented | None) -> None:
    """The comment right before a definition documents it, decorators and attributes in between."""
    assert found(language, text) == ([expected] if expected else [])


def test_a_file_that_python_cannot_read_has_none() -> None:
    """Syntax of another version is no error."""
    assert found("python", 'def f():\n    "Doc."\n    print 1\n') == []


@given(st.sampled_from(["python", "go", "java"]), st.text("ad(){}:#/*\"'\n deffunc", max_size=120))
def test_any_text_is_read(language: str, text: str) -> None:
    """No text makes it fail, and rows are inside the text."""
    for each in found(language, text):
        assert 0 <= each.first < each.last <= text.count("\n") + 1
