"""The estimate of MiniLM's tokens that decides how much fits into a chunk."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from code_rag.embedding_server.model_files import resolve
from code_rag.embedding_server.pinned_model import MINILM
from code_rag.rag_server.chunking.packing import count_tokens
from code_rag.servicekit.model_sources import Sources

ROOT = Path(__file__).parents[3]

KOREAN = """# 주문이 결제되기 전이면 고객은 이유를 말하지 않고 취소할 수 있다.
# 배송이 시작된 뒤에는 반품으로 처리하며, 수수료는 판매자가 부담한다.
# 재고를 다시 더할 때는 창고의 잠금을 먼저 얻어야 교착 상태가 생기지 않는다.
# API를 부를 때는 timeout을 반드시 지정하고, 실패하면 세 번까지 다시 시도한다.
# 회원 등급은 지난 열두 달의 구매 금액으로 정해지며 매달 첫날에 다시 계산된다.
raise ValueError("환불 금액이 결제 금액보다 클 수 없습니다.")"""

JAPANESE = """# 注文が支払われる前であれば、お客様は理由を言わずにキャンセルできます。
# 在庫を戻すときは、デッドロックを避けるために倉庫のロックを先に取得してください。
# APIを呼び出すときはタイムアウトを必ず指定し、失敗したら三回まで再試行します。
# メールアドレスの形式が正しくない場合はエラーを返す。
raise ValueError("返金額は支払い額を超えることはできません。")"""

CHINESE = """# 订单在付款之前,客户可以不说明理由直接取消。
# 恢复库存时必须先获得仓库的锁,以避免死锁。
# 调用接口时一定要指定超时时间,失败后最多重试三次。
# 会员等级根据过去十二个月的消费金额确定。
raise ValueError("退款金额不能超过付款金额。")"""

RUSSIAN = """# Пока заказ не оплачен, покупатель может отменить его без объяснения причины.
# Перед возвратом товара на склад нужно получить блокировку, чтобы избежать взаимной блокировки."""


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    """The model's own tokenizer, whose counts the estimate stands for."""
    folder = resolve(MINILM, Sources(ROOT / ".data/models", hub=None)).path
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


@pytest.mark.parametrize("text", [KOREAN, JAPANESE, CHINESE, RUSSIAN])
def test_the_estimate_of_a_text_is_right_within_15_percent(tokenizer: Tokenizer, text: str) -> None:
    """What fills a chunk by the estimate fills it for the model: nothing of it is truncated."""
    counted = len(tokenizer.encode(text, add_special_tokens=False).ids)
    assert sum(map(count_tokens, text.split("\n"))) == pytest.approx(counted, rel=0.15)


@pytest.mark.parametrize(
    "word",
    ["환불은", "재고", "고르기", "취소", "했다", "괜찮아", "デッド", "キャンセル", "取消", "größe", "naïve"],
)
def test_a_word_counts_as_many_tokens_as_the_tokenizer_makes(tokenizer: Tokenizer, word: str) -> None:
    """A syllable of Hangul is two or three, a word with a letter that the model does not know is one."""
    assert count_tokens(word) == len(tokenizer.encode(word, add_special_tokens=False).ids)


@given(st.text(max_size=50), st.text(max_size=50))
def test_words_of_two_lines_add_up(first: str, second: str) -> None:
    """A line has the tokens of its parts, and one that is not blank has at least one."""
    assert count_tokens(f"{first} {second}") == count_tokens(first) + count_tokens(second)
    assert (count_tokens(first) > 0) >= bool(first.strip() and first.isprintable())
