"""Decoding: the right text from the encodings that source files have, and no text from what is none."""

import os
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from code_rag.rag_server.codebase.decoding import Decoded, decode

CODE = 'int rate(int n) {{\n    // {0}\n    return log("{0}", n); /* {0} */\n}}\n'
TEXTS = {
    "cp949": ["가맹점 정산 배치: 매일 집계한다", "주문을 취소하면 환불한다.", "값", "똠방각하의 햏자"],
    "euc_kr": ["결제 실패 시 세 번까지 다시 시도한다", "재고 수량"],
    "shift_jis": ["受注データを集計してメールで送信する。", "エラー", "在庫の数量を返す", "キャンセル"],
    "cp932": ["①顧客の住所を確認する"],
    "euc_jp": ["受注データを集計してメールで送信する。", "在庫の数量を返す"],
    "gb18030": ["计算订单的总额，出错则返回空值", "中文注释说明这个函数的作用"],
    "cp1251": ["Вычисляет сумму заказа", "заказ отменён"],
    "latin-1": [
        "Prüfsumme über alle Bytes; Größe",
        "l'été dernier, déjà vu à Noël",
        "¿Cómo está? El año",
        "für",
    ],
    "cp1252": ["10 °C ± 3 µm © 2003 – “quoted”", "5 €"],
}


@pytest.mark.parametrize(("encoding", "text"), [(name, text) for name in TEXTS for text in TEXTS[name]])
def test_encodings_from_before_unicode_are_recognised(encoding: str, text: str) -> None:
    """A comment and a string of the language are enough to find the encoding of a source file."""
    code = CODE.format(text)
    assert decode(code.encode(encoding)) == Decoded(code)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["größe", "정산 배치를 매일 돌린다", "受注データ", "🧾", "plain"])
def test_unicode_is_understood_with_and_without_a_mark(encoding: str, text: str) -> None:
    """UTF-8 and UTF-16 of either byte order give the same text."""
    code = CODE.format(text)
    assert decode(code.encode(encoding)) == Decoded(code)


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        b"a" * 20_000 + b"\0",
        "text".encode("utf-32"),
        b"\xff\xfea\0b",
        b"\x00\x01" * 500,
        b"\xca\xfe\xba\xbe\x00\x00\x004",
        b"PK\x03\x04\x14\x00",
        b"caf\xe9 \x02\x03 \x10",
        "a\0b".encode("utf-16"),
    ],
)
def test_what_is_no_text_is_binary(data: bytes) -> None:
    """Images, archives, classes and texts with NULs are binary, not text in an unknown encoding."""
    assert decode(data) == Decoded(None, is_binary=True)


@pytest.mark.parametrize(("encoding", "text"), [("koi8-r", "заказ отменён"), ("cp1250", "zażółć gęślą jaźń")])
def test_unknown_encodings_are_not_guessed(encoding: str, text: str) -> None:
    """Text that makes no sense in a known encoding is left out, and a setting names its encoding."""
    data = CODE.format(text).encode(encoding)
    assert decode(data) == Decoded(None)
    assert decode(data, encoding) == Decoded(CODE.format(text))


def test_the_setting_is_for_what_is_not_unicode() -> None:
    """UTF-8 is read as UTF-8 whatever the setting says, and what the named encoding has not is left out."""
    assert decode("größe".encode(), "cp949") == Decoded("größe")
    assert decode(b"\x81", "cp949") == Decoded(None)


def test_a_damaged_character_does_not_cost_the_file() -> None:
    """UTF-8 with one broken byte among many characters stays UTF-8, with a replacement there."""
    assert decode("정산 배치를 매일 돌린다".encode() + b"\xff\n") == Decoded(
        "정산 배치를 매일 돌린다\ufffd\n"
    )


def test_text_is_composed() -> None:
    """Characters that a keyboard or a file system has decomposed are put together (NFC)."""
    assert decode(unicodedata.normalize("NFD", "정산 größe").encode()) == Decoded("정산 größe")


@given(st.binary(max_size=200))
def test_any_bytes_are_decoded_the_same_way_twice(data: bytes) -> None:
    """No bytes are an error, a text has no NUL, and the result does not vary."""
    first = decode(data)
    assert first == decode(data)
    assert "\0" not in (first.text or "")


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cn", "Co"])))
def test_utf8_is_read_as_it_is(text: str) -> None:
    """Every text in UTF-8 comes back, composed."""
    assert decode(text.encode()).text == unicodedata.normalize("NFC", text.removeprefix("\ufeff"))


def test_random_bytes_are_binary() -> None:
    """Compressed or encrypted content is not taken for text in a strange encoding."""
    assert {decode(os.urandom(500)).is_binary for _ in range(50)} == {True}
