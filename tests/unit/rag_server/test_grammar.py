"""What a local model can write at all."""

import re

import pytest

from code_rag.rag_server.prompting.brief import EXAMPLE
from code_rag.rag_server.prompting.grammar import grammar


def accepts(text: str, blocks: int = 3) -> bool:
    """Whether the grammar, which has no rule inside itself, derives the text."""
    rules = dict(line.split(" ::= ") for line in grammar(blocks).strip().split("\n"))

    def expression(rule: str) -> str:
        parts = re.findall(r'"(?:\\.|[^"])*"|\[(?:\\.|[^\]])*\]|[a-z]+|[+*?|()]|\{[^}]*\}', rules[rule])
        return "".join(map(part, parts))

    def part(text: str) -> str:
        if text in rules:
            return f"(?:{expression(text)})"
        return re.escape(text[1:-1].replace(r"\x60", "`")) if text.startswith('"') else text

    return re.fullmatch(expression("root"), text) is not None


@pytest.mark.parametrize(
    "answer",
    [
        EXAMPLE[1],
        "An order can be cancelled for 30 days [1].",
        "It calls `rows[0][1]` and waits 1.5 s, see orders.py [2][3].",
        "It ends. [1] It starts again [3]",
        "주문은 30일 안에 취소할 수 있습니다 [1].",
        "订单可以在30天内取消。 [1]",
        "Заказ можно отменить за 30 дней [1]. Потом нельзя [2].",
        "L'annulation est possible : `cancel` [1].",
    ],
)
def test_cited_sentences_in_any_language_can_be_written(answer: str) -> None:
    """The script and the signs of a language do not matter."""
    assert accepts(answer)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "Not found.",
        "An order can be cancelled.",
        "An order can be cancelled [1]. That is all.",
        "That is all. An order can be cancelled [1].",
        "An order can be cancelled [4].",
        "An order can be cancelled [1:2].",
        "See [the manual](http://example.com) [1].",
        "[1].",
        "It ends. [1].",
        "One [1]. Two [1]. Three [1]. Four [1].",
        "An order\ncan be cancelled [1].",
    ],
)
def test_nothing_else_can_be_written(answer: str) -> None:
    """No sentence without a citation, no block that was not given, no link, no second paragraph."""
    assert not accepts(answer)
