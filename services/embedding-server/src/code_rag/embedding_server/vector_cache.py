"""The vectors of the texts that were embedded last."""

from collections import OrderedDict
from collections.abc import Iterable
from hashlib import sha256

from code_rag.embedding_server.embeddings import Embedded

ENTRY_BYTES = 450
"""What an entry takes besides its numbers: the key and five Python objects."""


def key_of(text: str) -> bytes:
    """The text's key: its SHA-256."""
    return sha256(text.encode()).digest()


class VectorCache:
    """The vectors of one engine by the keys of their texts, the last used `max_bytes` of them.

    It ends with the engine, so a key needs no fingerprint; a text comes as the model reads it, with its
    prefix, so that a query and a document of the same words are two.
    """

    def __init__(self, dimension: int, max_bytes: int) -> None:
        self._most = max_bytes // (4 * dimension + ENTRY_BYTES)
        self._entries: OrderedDict[bytes, Embedded] = OrderedDict()

    def known(self, keys: Iterable[bytes]) -> dict[bytes, Embedded]:
        """Those that are there, by key."""
        found = {key: entry for key in keys if (entry := self._entries.get(key))}
        for key in found:
            self._entries.move_to_end(key)
        return found

    def put(self, key: bytes, embedded: Embedded) -> None:
        """Keep a vector, and let the one go that was not used for longest."""
        self._entries[key] = embedded
        if len(self._entries) > self._most:
            self._entries.popitem(last=False)
