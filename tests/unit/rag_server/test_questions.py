"""Questions made of documentation and of commits' subjects."""

import pytest

from code_rag.rag_server.evaluation.questions import Kind, Question, sentence, subject_question
from code_rag.rag_server.evaluation.result import Asked, in_words, result_of


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("Give the money back to the customer. Then log it.", "Give the money back to the customer"),
        ("Give the ``money`` back to {@link Customer}\n\n@param order", "Give the money back to Customer"),
        ("Return the sum of all orders\n\n:param x: more", "Return the sum of all orders"),
        ("Too short.", ""),
        ("What refund_order does to the order", ""),  # names what it documents
        ("Copyright 2024 by the authors of this", ""),
        ("TODO: make this a little better soon", ""),
        ("", ""),
    ],
)
def test_the_first_sentence_asks(text: str, question: str) -> None:
    """A question is the first sentence without markup, unless it says too little or names the answer."""
    assert sentence(text, "refund_order") == question


@pytest.mark.parametrize(
    ("subject", "question"),
    [
        ("fix(orders)!: Refund an order only once (#123)", "Refund an order only once"),
        ("[shop] Refund an order only once.", "Refund an order only once"),
        ("Bump httpx from 1.0 to 1.1", ""),
        ("Release 1.2.3 to the world", ""),
        ('Revert "Refund an order"', ""),
        ("v1.2.3", ""),
        ("typos", ""),
        ("Add tests", ""),
    ],
)
def test_a_subject_asks(subject: str, question: str) -> None:
    """A commit's subject asks without its prefix and number, unless it is a routine one."""
    assert subject_question(subject) == question


def asked(kind: Kind, *files: str) -> Asked:
    return Asked(Question(kind, "what", frozenset(["right.py"])), files)


def test_a_result_counts_files() -> None:
    """Means are over the questions; what is not among the first ten is missed."""
    questions = [
        asked(Kind.DOCUMENTATION, "right.py", "b.py"),
        asked(Kind.DOCUMENTATION, "a.py", "right.py"),
        asked(Kind.DOCUMENTATION),
        asked(Kind.DOCUMENTATION, "right.py"),
    ]
    result = result_of(Kind.DOCUMENTATION, questions, seed=0)
    assert (result.questions, result.first) == (4, 2)
    assert result.measures["recall@1"].mean == 0.5
    assert result.measures["recall@5"].mean == 0.75
    assert result.measures["mrr@10"].mean == pytest.approx((1 + 0.5 + 0 + 1) / 4)
    assert (
        result.measures["ndcg@10"].low <= result.measures["ndcg@10"].mean <= result.measures["ndcg@10"].high
    )
    assert result.missed == (questions[2],)


@pytest.mark.parametrize(("right", "word"), [(10, "well"), (6, "fairly well"), (2, "badly")])
def test_a_result_in_words(right: int, word: str) -> None:
    """The words follow the figures, say how many were right, and warn of a small sample."""
    questions = [asked(Kind.DOCUMENTATION, "right.py" if n < right else "b.py") for n in range(10)]
    words = in_words([result_of(Kind.DOCUMENTATION, questions, seed=0)])
    assert words[0].startswith(
        f"Questions in words are answered {word}: search finds a right file first for {right} of 10"
    )
    assert any("fewer than 20 questions" in sentence for sentence in words)
    assert any("missed questions" in sentence for sentence in words) == (word == "badly")
