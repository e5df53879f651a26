"""The language in which an answer is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.rag_server.answer_language import language_of


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Where is the order cancelled?", "English"),
        ("cancel order", "English"),
        ("RefundPolicy.allows", "English"),
        ("주문은 어디에서 취소되나요?", "Korean"),
        ("`cancel_order`는 어디에 있나요?", "Korean"),
        ("注文はどこでキャンセルされますか", "Japanese"),
        ("订单在哪里取消?", "Chinese"),
        ("Где отменяется заказ?", "Russian"),
        ("Де скасовується замовлення і чому її немає?", "Ukrainian"),
        ("Wo wird die Bestellung storniert?", "German"),
        ("Wie funktioniert der Retry in http_client.py?", "German"),
        ("Où est-ce que la commande est annulée ?", "French"),
        ("¿Dónde se cancela el pedido?", "Spanish"),
        ("Onde é cancelado o pedido?", "Portuguese"),
        ("Dove viene annullato l'ordine?", "Italian"),
        ("Waar wordt de bestelling geannuleerd?", "Dutch"),
        ("Gdzie jest anulowane zamówienie w kodzie?", "Polish"),
        ("أين يتم إلغاء الطلب؟", "Arabic"),
        ("What does the string '한국어' do in is_korean?", "English"),
        ("why does `die_or_der` raise in der.py", "English"),
    ],
)
def test_a_question_is_answered_in_its_own_language(question: str, language: str) -> None:
    """Scripts and common words decide; code in the question and single foreign words do not."""
    assert language_of(question) == language


@given(st.text(max_size=300))
def test_every_question_has_a_language(question: str) -> None:
    """Whatever is asked, there is a name to put into the prompt."""
    assert language_of(question).isalpha()
