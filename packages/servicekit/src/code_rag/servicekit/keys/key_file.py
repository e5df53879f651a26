"""The file of callers' keys."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import structlog

from code_rag.servicekit.health import CheckResult
from code_rag.servicekit.keys.entry import KeyEntry, KeysInvalid, parse
from code_rag.servicekit.settings import SettingsError

log = structlog.get_logger(__name__)

LOOK_SECONDS = 1.0
LONGEST_BYTES = 1024 * 1024


class KeyFile:
    """The entries of a file, read again when it has changed: keys come and go without a restart.

    Its content is compared, not its time: so a replaced file, a moved link and an edit in place all count.
    Raises SettingsError if the file cannot be used at the start; later the last good entries stay.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._problem = ""
        try:
            self._content = self._read()
            self._entries: Mapping[str, KeyEntry] = parse(self._content)
        except KeysInvalid as error:
            raise SettingsError(f"API_KEYS_FILE: {str(error).removesuffix('.')}") from None
        self._looked = clock()

    def entries(self) -> Mapping[str, KeyEntry]:
        """The entries by name: the same object as before, unless the file has others now."""
        if self._clock() - self._looked >= LOOK_SECONDS:
            self._look()
            self._looked = self._clock()
        return self._entries

    async def check(self) -> CheckResult:
        """Whether the file can be used as it is now."""
        count = len(self.entries())
        if self._problem:
            kept = f"The keys read before it are used: {count}."
            return CheckResult("degraded", f"API_KEYS_FILE: {self._problem} {kept}")
        return CheckResult("ok", f"keys in API_KEYS_FILE: {count}")

    def _look(self) -> None:
        try:
            content = self._read()
            if content == self._content and not self._problem:
                return
            entries = parse(content)
        except KeysInvalid as error:
            if str(error) != self._problem:
                log.error("API_KEYS_FILE cannot be used; the keys read before are", reason=str(error))
            self._problem = str(error)
            return
        log.info("keys read again", names=sorted(entries))
        self._content, self._entries, self._problem = content, entries, ""

    def _read(self) -> bytes:
        try:
            with self._path.open("rb") as file:
                content = file.read(LONGEST_BYTES + 1)
        except OSError as error:
            raise KeysInvalid(f"The file cannot be read: {error.strerror}.") from None
        if len(content) > LONGEST_BYTES:
            raise KeysInvalid(f"The file is larger than {LONGEST_BYTES:,} bytes.")
        return content
