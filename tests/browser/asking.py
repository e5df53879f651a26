"""A question to the page, and what is there once it is answered."""

from urllib.parse import quote

QUESTION = "How long may a customer ask for a refund?"
ANSWERED = "document.querySelector('.sources')"


def asked(url: str, question: str = QUESTION) -> str:
    """The address that asks a question."""
    return f"{url}/#q={quote(question)}"
