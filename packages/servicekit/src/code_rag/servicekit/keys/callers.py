"""Which callers a service lets in."""

import hashlib
import hmac
from collections.abc import Mapping

from code_rag.servicekit.errors import Unauthorized
from code_rag.servicekit.keys.caller import Caller
from code_rag.servicekit.keys.entry import KeyEntry
from code_rag.servicekit.keys.key_file import KeyFile
from code_rag.servicekit.keys.rate_limit import RateLimit
from code_rag.servicekit.settings import SettingsError

SERVICES = "API_KEY"
"""The name of the services' own key, which no key of the file can have; it has no limits."""


class Callers:
    """The holders of API_KEY and of the keys in a file; without either, nobody needs a key.

    Only a service that `counts_tokens` limits them. Raises SettingsError for a file without API_KEY.
    """

    def __init__(self, api_key: str | None, file: KeyFile | None, *, counts_tokens: bool = False) -> None:
        if file and not api_key:
            raise SettingsError("API_KEYS_FILE: requires API_KEY, the key that services send each other")
        self._api_key = api_key
        self._file = file
        self._counts_tokens = counts_tokens
        self._entries: Mapping[str, KeyEntry] | None = None
        self._callers: dict[str, Caller] = {}
        self._digests: dict[str, Caller] = {}

    def find(self, authorization: str) -> Caller | None:
        """Who sends that header; None where no key is needed. Raises Unauthorized if no key fits."""
        if self._api_key is None:
            return None
        self._look(self._api_key)
        kind, _, key = authorization.partition(" ")
        sent, found = _digest(key), None
        for known, caller in self._digests.items():  # all of them: the time taken must not say which fits
            if hmac.compare_digest(known, sent):
                found = caller
        if kind.lower() != "bearer" or found is None:
            raise Unauthorized("Send a key as 'Authorization: Bearer <key>'.")
        return found

    def _look(self, api_key: str) -> None:
        """Take over what the file says now; limits that stay the same go on counting."""
        entries = self._file.entries() if self._file else {}
        if entries is self._entries and self._digests:
            return
        self._entries = entries
        self._callers = {name: self._caller(name, entry) for name, entry in entries.items()}
        self._digests = {entry.sha256: self._callers[name] for name, entry in entries.items()}
        self._digests[_digest(api_key)] = Caller(SERVICES)

    def _caller(self, name: str, entry: KeyEntry) -> Caller:
        before = self._callers.get(name, Caller(name))
        tokens = entry.tokens_per_minute if self._counts_tokens else None
        return Caller(name, _limit(before.requests, entry.requests_per_minute), _limit(before.tokens, tokens))


def _limit(before: RateLimit | None, per_minute: int | None) -> RateLimit | None:
    if before is not None and before.per_minute == per_minute:
        return before
    return RateLimit(per_minute) if per_minute else None


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
