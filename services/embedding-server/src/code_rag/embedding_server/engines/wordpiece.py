"""The model's tokenizer, which reads no more of a text than the model does."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from tokenizers import Tokenizer

from code_rag.embedding_server.engines.base import Tokens

SLICE_CHARACTERS = 8192
# BERT splits words at these characters: splitting a text after one changes no token.
_BOUNDARY = re.compile(r"[ \n\t!-/:-@\[-`{-~、。，\u4e00-\u9fff]")


class WordPiece:
    """BERT's tokenizer, which reports when it truncates a text.

    tokenizer.json itself asks for 128 tokens and padding, which is not how the model was published: both are
    switched off. Slicing keeps time and memory in proportion to what is read of a text, not to its length.
    """

    def __init__(self, file: Path, max_tokens: int) -> None:
        self._tokenizer = Tokenizer.from_file(str(file))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._first, self._last = self._tokenizer.encode("").ids
        self._size = self._tokenizer.get_vocab_size()
        self._max_tokens = max_tokens

    def tokenize(self, text: str) -> Tokens:
        """The ids of the text between start and end, at most `max_tokens` of them altogether."""
        room, ids = self._max_tokens - 2, list[int]()
        for piece in self._pieces(text):
            ids += piece
            if len(ids) > room:
                break
        return Tokens([self._first, *ids[:room], self._last], truncated=len(ids) > room)

    def count(self, text: str) -> int:
        """The number of ids of the whole text, start and end included."""
        return 2 + sum(len(piece) for piece in self._pieces(text))

    def decode(self, ids: Sequence[int]) -> str:
        """The text that has these ids, with or without start and end; raises ValueError if there is none.

        Another model's ids are words here too, though not as this tokenizer splits any text.
        """
        inner = list(ids)
        if inner[:1] == [self._first] and inner[-1:] == [self._last]:
            inner = inner[1:-1]
        words = [self._tokenizer.id_to_token(id) if 0 <= id < self._size else None for id in inner]
        if None in words:
            raise ValueError(f"{inner[words.index(None)]} is no token id of this model: send text")
        text = " ".join(word for word in words if word).replace(" ##", "")
        if [id for piece in self._pieces(text) for id in piece] != inner:
            raise ValueError("this model's tokenizer splits no text into these token ids: send text")
        return text

    def _pieces(self, text: str) -> Iterator[list[int]]:
        start = 0
        while start < len(text):
            boundary = _BOUNDARY.search(text, start + SLICE_CHARACTERS)
            end = boundary.end() if boundary else len(text)
            # A batch of one: unlike `encode` it lets other Python threads run meanwhile.
            (piece,) = self._tokenizer.encode_batch_fast([text[start:end]], add_special_tokens=False)
            yield piece.ids
            start = end
