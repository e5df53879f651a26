"""Questions about documented definitions."""

import pytest

from code_rag.rag_server.model import SourceFile
from code_rag.rag_server.suggestion import Suggestion, suggestions


def asked(language: str, text: str) -> list[str]:
    """The questions about one file."""
    return [each.question for each in suggestions(SourceFile("a", text, language, "d"))]


@pytest.mark.parametrize(
    ("documentation", "question"),
    [
        ("Parses the header of a message.", "How does `parse_header` parse the header of a message?"),
        ("Parse a whole message, without its body.", "How does `parse_header` parse a whole message?"),
        ("Applies the given style to a value.", "How does `parse_header` apply the given style to a value?"),
        ("Return the header of a message.", "What does `parse_header` do?"),
        ("Parse the header on top of the `Message`.", "What does `parse_header` do?"),
        ("Parse it.", ""),
        ("TODO: parse the header of a message.", ""),
        ("Deprecated, use another function for messages.", ""),
    ],
)
def test_a_first_sentence_becomes_a_question(documentation: str, question: str) -> None:
    """A sentence that starts with a verb is turned into a question where that is English for sure."""
    text = f'def parse_header(text):\n    """{documentation}"""\n    return text\n'

    assert asked("python", text) == ([question] if question else [])


def test_what_is_private_or_an_error_is_not_asked_about() -> None:
    """Nobody starts with those."""
    document = '    """Raised where a message has no header."""\n    x = 1\n'

    assert asked("python", f"class _Message:\n{document}\n\nclass HeaderError(Exception):\n{document}") == []


def test_a_type_is_asked_what_it_is_for() -> None:
    """Types are for something, and functions do something, in every language."""
    text = (
        "package a\n\n// Message is a header and a body.\ntype Message struct{}\n\n"
        "// ParseAll parses all of the messages.\nfunc ParseAll() {}\n"
    )

    assert asked("go", text) == ["How does `ParseAll` parse all of the messages?", "What is `Message` for?"]


def test_a_suggestion_knows_its_lines() -> None:
    """They are those of the documentation, so that an answer can be compared with them."""
    text = 'def send(text):\n    """Sends a text to the printer."""\n    return text\n'

    assert suggestions(SourceFile("a.py", text, "python", "d")) == [
        Suggestion("How does `send` send a text to the printer?", "a.py", 2, 3)
    ]
