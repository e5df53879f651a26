"""The vector cache of the embedded store: a SQLite file next to it, with two bytes per number."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from code_rag.rag_server.adapters.damage import set_aside
from code_rag.rag_server.model import Vector
from code_rag.rag_server.ports import StoreUnusable
from code_rag.rag_server.vectors import packed, unpacked
from code_rag.servicekit.errors import Unavailable

LOCK_SECONDS = 3.0
"""How long to wait for a stopping process to release the file."""
KEYS_PER_QUERY = 500
"""Parameters of one statement; older builds of SQLite accept 999."""

_SETUP = """
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS vectors (key BLOB NOT NULL UNIQUE, vector BLOB NOT NULL);
"""
"""The log survives the end of the process; only a power failure may lose the last vectors."""

T = TypeVar("T")


def open_sqlite_cache(file: Path) -> "SqliteCache":
    """Open the cache in `file`, creating it if missing or damaged; blocks, 1 s per GB.

    One that is damaged is set aside. Raises StoreUnusable if the file is in use by another process or cannot
    be created.
    """
    try:
        try:
            return SqliteCache(file, _opened(file))
        except sqlite3.OperationalError:  # the system, or another process
            raise
        except sqlite3.DatabaseError as error:
            set_aside(file, str(error))
            for part in ("-wal", "-shm"):
                file.with_name(file.name + part).unlink(missing_ok=True)
        return SqliteCache(file, _opened(file))
    except (sqlite3.Error, OSError) as error:
        raise StoreUnusable(
            f"The vectors in {file} cannot be used ({error}): stop the process that uses them, "
            "or make room and check the permissions of the folder."
        ) from error


def _opened(file: Path) -> sqlite3.Connection:
    """A connection to a sound file; raises sqlite3.DatabaseError for a damaged one."""
    connection = sqlite3.connect(file, LOCK_SECONDS, check_same_thread=False)
    try:
        connection.executescript(_SETUP)
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        connection.execute("SELECT key, vector FROM vectors LIMIT 1").fetchone()
        if found != "ok":
            raise sqlite3.DatabaseError(found)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


class SqliteCache:
    """The vectors of one model, used in a thread of its own, so that a search does not wait for them."""

    def __init__(self, file: Path, connection: sqlite3.Connection) -> None:
        self.file = file
        self._connection = connection
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="vector-cache")

    async def get(self, keys: Sequence[str]) -> Mapping[str, Vector]:
        """The vectors that are there, by key."""
        wanted = [UUID(key).bytes for key in keys]

        def read() -> dict[str, Vector]:
            found: dict[str, Vector] = {}
            for start in range(0, len(wanted), KEYS_PER_QUERY):
                found |= self._read(wanted[start : start + KEYS_PER_QUERY])
            return found

        return await self._run(read)

    async def put(self, vectors: Mapping[str, Vector]) -> None:
        """Keep vectors by their keys."""
        rows = [(UUID(key).bytes, packed(vector)) for key, vector in vectors.items()]

        def write() -> None:
            with self._connection:
                self._connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)

        await self._run(write)

    async def count(self) -> int:
        """How many vectors there are."""
        return int(
            await self._run(lambda: self._connection.execute("SELECT count(*) FROM vectors").fetchone()[0])
        )

    async def prune(self, keep: Set[str]) -> int:
        """Delete the vectors with other keys than these; how many they were."""
        kept = {UUID(key).bytes for key in keep}

        def write() -> int:
            with self._connection:
                unused = [(number,) for number in self._unused(kept)]
                self._connection.executemany("DELETE FROM vectors WHERE rowid = ?", unused)
            self._connection.execute("PRAGMA incremental_vacuum").fetchall()
            return len(unused)

        return await self._run(write)

    async def close(self) -> None:
        """Close the file."""
        await self._run(self._connection.close)
        self._thread.shutdown()

    def _read(self, keys: Sequence[bytes]) -> dict[str, Vector]:
        marks = ",".join("?" * len(keys))
        query = f"SELECT key, vector FROM vectors WHERE key IN ({marks})"  # noqa: S608 – only question marks
        return {str(UUID(bytes=key)): unpacked(data) for key, data in self._connection.execute(query, keys)}

    def _unused(self, kept: Set[bytes]) -> Iterator[int]:
        for number, key in self._connection.execute("SELECT rowid, key FROM vectors"):
            if key not in kept:
                yield number

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except sqlite3.Error as error:
            raise Unavailable(f"The vector cache failed: {error}", code="store_unavailable") from error
