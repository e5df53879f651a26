"""A prompt that the model server read in part."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.rag_server.answer import Asked, Usage
from code_rag.rag_server.keeping import AnswerKeeper
from code_rag.rag_server.model import Scope
from code_rag.rag_server.prompting.clipping import clipped, fewest_tokens
from tests.unit.rag_server.answer_fakes import FakeChat
from tests.unit.rag_server.test_answering import DISK, an_answerer

CODE = (
    "10|     if order.is_paid and not order.shipped:\n11|         return self.gateway.refund(order)\n" * 200
)
PROMPT = [{"role": "system", "content": "Answer from the code."}, {"role": "user", "content": CODE}]

COMMON = (
    "the of and to in a is that for it as was with be by on not he his but at are this have from or had an "
    "they which one you were "
)

# By the one that needs fewest of the tokenizers of GPT-2, GPT-4, GPT-4o, Llama 2, Llama 3 and Mistral.
MEASURED = {
    "退款窗口是多少天？我们在代码库中查找。" * 100: 1_300,
    "返金期間は何日ですか。コードベースで検索します。" * 100: 1_600,
    "환불 기간은 며칠입니까? 코드베이스에서 찾습니다." * 100: 1_700,
    "ระยะเวลาคืนเงินคือกี่วัน " * 100: 1_001,
    "धनवापसी की अवधि कितने दिन है? " * 100: 1_102,
    "Сколько дней длится период возврата? Мы ищем в коде. " * 100: 1_601,
    "كم يوما مدة استرداد الاموال؟ " * 100: 1_001,
    "0" * 4_000: 250,
    "=" * 4_000: 62,
    " " * 4_000: 32,
    "\t" * 500: 31,
    "\n" * 500: 17,
    ("-" * 80 + "\n") * 50: 100,
    "a," * 500 + "1,2,3," * 300: 2_301,
    "🙂👍🏽🎉 " * 200: 1_001,
    "line one\r\nline two;\r\n" * 100: 600,
    "Don't we'll it's they've I'm you're. " * 100: 701,
    COMMON * 30: 991,
}


@pytest.mark.parametrize(("text", "fewest"), MEASURED.items())
def test_no_text_has_more_than_real_tokenizers_need(text: str, fewest: int) -> None:
    """The bound holds for scripts without spaces and for text made of what is one token."""
    assert fewest_tokens(text) <= fewest


@given(st.text(max_size=300), st.text(max_size=300))
def test_a_text_has_no_more_pieces_than_characters(text: str, more: str) -> None:
    """A text has a character for each piece, and no fewer pieces than a part of it, but for the seam."""
    assert 0 <= fewest_tokens(text) <= len(text)
    assert fewest_tokens(text + "\n" + more) >= fewest_tokens(text) - 1


@pytest.mark.parametrize("read", [1_000, 2_048, 4_096])
def test_a_clipped_prompt_is_named(read: int) -> None:
    """A count that no tokenizer can reach is said, with how many there are at least and what to do."""
    sentence = clipped(PROMPT, Usage(read, 20))

    assert sentence.startswith(f"the model server read {read:,} of at least 4,205 tokens of the prompt")
    assert "num_ctx" in sentence
    assert "CONTEXT_TOKENS" in sentence


@pytest.mark.parametrize(
    "usage",
    [
        None,
        Usage(7_000, 20),
        Usage(4_205, 20),
        Usage(2_048, 20, cached_tokens=5_000),
        Usage(1, 20),
        Usage(999, 20),
    ],
)
def test_what_may_be_whole_is_not_named(usage: Usage | None) -> None:
    """Without a count, with a possible one, with cached tokens or where only what was new is counted."""
    assert clipped(PROMPT, usage) == ""


async def test_the_answer_names_it_and_is_not_kept() -> None:
    """It is degraded with the sentence, which is counted; the next time the model is asked again."""
    counted: list[str] = []
    model = FakeChat(usage=Usage(1_001, 20, cost=0.5))
    answerer = an_answerer(model, counted=counted)
    long = Asked("how to cancel", instructions="Mind this. " * 1_000)
    keeper = AnswerKeeper(answerer, DISK.get, 5)

    first, second = [await keeper.answer(long, Scope(), 8) for _ in range(2)]

    assert first.degraded == second.degraded
    assert "the model server read 1,001 of at least" in first.degraded[0]
    assert counted == ["clipped prompt"] * 2
    assert first.usage == Usage(1_001, 20, cost=0.5)


async def test_what_it_came_to_is_of_the_answer_that_was_written() -> None:
    """An answer has its usage; kept, it came to nothing again."""
    keeper = AnswerKeeper(an_answerer(FakeChat(usage=Usage(5_000, 20))), DISK.get, 5)

    answers = [await keeper.answer(Asked("how to cancel"), Scope(), 8) for _ in range(2)]

    assert [answer.usage for answer in answers] == [Usage(5_000, 20), None]
