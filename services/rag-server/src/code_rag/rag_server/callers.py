"""The use case of finding callers: the places that use a definition, each with how sure that is."""

import asyncio
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import groupby

from code_rag.rag_server.chunking import uses_of
from code_rag.rag_server.chunking.components import COMPONENTS
from code_rag.rag_server.chunking.reference_queries import REFERENCES
from code_rag.rag_server.chunking.references import Reference
from code_rag.rag_server.identifiers import plain_name
from code_rag.rag_server.model import Chunk, Scope, SourceFile
from code_rag.rag_server.ports import VectorStore
from code_rag.rag_server.resolution import ORDER, FileUses, Resolution, Target, surest
from code_rag.rag_server.searching import Searcher
from code_rag.rag_server.stopwatch import Stopwatch

MAX_DEFINITIONS = 200
MAX_CHUNKS = 500
"""Chunks that are looked at; their files are parsed again, some 5 ms each."""
NEAR_NAMES = 3

_SEPARATOR = re.compile(r"::|->|#|\?\.")
_CONSTRUCTORS = frozenset({"__init__", "__new__", "constructor", "__construct", "initialize"})


@dataclass(frozen=True, slots=True)
class Use:
    """A line that uses the definition."""

    line: int
    text: str
    symbol: str
    """The definition that the line is in; empty at the top of a file."""
    resolution: Resolution


@dataclass(frozen=True, slots=True)
class Caller:
    """A chunk with lines that use the definition, in order."""

    chunk: Chunk
    uses: tuple[Use, ...]

    @property
    def resolution(self) -> Resolution:
        """That of its surest use."""
        return min((use.resolution for use in self.uses), key=ORDER.index)


@dataclass(frozen=True, slots=True)
class Callers:
    """What uses a symbol, the surest first, and what that list leaves open."""

    symbol: str
    definitions: tuple[Target, ...]
    callers: tuple[Caller, ...]
    notes: tuple[str, ...]
    degraded: tuple[str, ...]
    timings: dict[str, float]


@dataclass(slots=True)
class _Found:
    """What the files say, gathered one by one."""

    callers: list[Caller]
    elsewhere: int = 0
    changed: int = 0


@dataclass(slots=True)
class CallerFinder:
    """Finds uses in the index of `searcher`, and reads their files with `source`."""

    searcher: Searcher
    source: Callable[[str], SourceFile | None]

    async def find_callers(self, symbol: str, scope: Scope, limit: int) -> Callers:
        """Up to `limit` chunks within `scope` that use `symbol`; raises the store's errors."""
        watch, store = Stopwatch(), self.searcher.store
        symbol = normalised(symbol)
        name = symbol.rpartition(".")[2]
        with watch.step("search"):
            defining = await store.defining([plain_name(name)], Scope(), MAX_DEFINITIONS)
            using = await store.referencing([name], scope, MAX_CHUNKS)
        with watch.step("resolve"):
            targets = await asyncio.to_thread(lambda: list(self._targets(defining, name)))
            meant = [target for target in targets if target.is_meant_by(symbol)]
            others = [target for target in targets if target not in meant]
            wanted = meant or [Target.outside(symbol)]
            found = await asyncio.to_thread(self._resolve, using, wanted, others)
        notes = [] if meant else [await _undefined(symbol, targets, store)]
        if unread := {target.language for target in meant} - {*REFERENCES, *COMPONENTS}:
            notes.append(f"Uses in files of {_listed(sorted(unread))} are not indexed.")
        notes += _notes(name, meant or others, found, len(using) == MAX_CHUNKS, limit)
        degraded = []
        if found.changed:
            degraded.append(_changed(found.changed))
            self.searcher.count_degradation("files changed since indexing")
        await self.searcher.note_index(True, scope, degraded)
        shown = tuple(sorted(found.callers, key=_surest_first)[:limit])
        return Callers(symbol, tuple(meant), shown, tuple(notes), tuple(degraded), watch.timings)

    def _targets(self, chunks: Sequence[Chunk], name: str) -> Iterator[Target]:
        for path, group in groupby(sorted(chunks, key=_place), key=lambda chunk: chunk.path):
            inside = list(group)
            file = self.source(path)
            starts = uses_of(file)[0].starts() if file else []
            lines = {symbol: row + 1 for symbol, row in reversed(starts)}
            symbols = {symbol: chunk.start_line for chunk in reversed(inside) for symbol in chunk.symbols}
            for symbol, line in symbols.items():
                if symbol.rpartition(".")[2] == name:
                    yield Target(path, symbol, inside[0].language, lines.get(symbol, line))

    def _resolve(self, chunks: Sequence[Chunk], meant: Sequence[Target], others: Sequence[Target]) -> _Found:
        found = _Found([])
        for path, group in groupby(sorted(chunks, key=_place), key=lambda chunk: chunk.path):
            inside = list(group)
            file = self.source(path)
            if file is None or file.digest != inside[0].file_digest:
                found.changed += 1
            else:
                self._resolve_file(file, inside, (meant, others), found)
        return found

    def _resolve_file(
        self,
        file: SourceFile,
        chunks: Sequence[Chunk],
        targets: tuple[Sequence[Target], Sequence[Target]],
        found: _Found,
    ) -> None:
        outline, references = uses_of(file)
        uses, lines = FileUses(file.path, file.language, outline, references), file.lines
        placed: dict[int, Use] = {}
        for use in references.uses:
            resolution = _decide(uses, use, *targets)
            if resolution is Resolution.ELSEWHERE:
                found.elsewhere += 1
            elif resolution:
                row = use.start[0]
                new = Use(row + 1, lines[row].strip(), outline.enclosing(row), resolution)
                placed[row] = min(placed.get(row, new), new, key=lambda use: ORDER.index(use.resolution))
        for chunk in chunks:
            inside = [
                placed[line - 1] for line in range(chunk.start_line, chunk.end_line + 1) if line - 1 in placed
            ]
            if inside:
                found.callers.append(Caller(chunk, tuple(inside)))


def normalised(symbol: str) -> str:
    """`Order::cancel()` is `Order.cancel`, and a constructor is its class."""
    parts = _SEPARATOR.sub(".", symbol.strip().strip("`").removesuffix("()")).strip(".").split(".")
    is_constructor = len(parts) > 1 and (parts[-1] in _CONSTRUCTORS or parts[-1] == parts[-2])
    return ".".join(parts[:-1] if is_constructor else parts)


def _decide(
    file: FileUses, use: Reference, meant: Sequence[Target], others: Sequence[Target]
) -> Resolution | None:
    """How the use is one of `meant`; `ELSEWHERE` if it is more surely one of the others."""
    inside = file.outline.enclosing(use.start[0])
    if any(target.path == file.path and target.symbol == inside for target in meant):
        return None  # a definition is not its own caller
    found = surest(file.resolve(use, target) for target in meant)
    other = surest(file.resolve(use, target) for target in others)
    if found is None or other is None:
        return found
    is_method = bool(use.qualifier) and not any(target.owner for target in meant)
    # What is called on a variable is a method rather than a function, where there is one.
    is_other = other is found is Resolution.NAME_ONLY and is_method and any(t.owner for t in others)
    is_surer = ORDER.index(other) < ORDER.index(found)
    return Resolution.ELSEWHERE if is_surer or is_other else found


async def _undefined(symbol: str, targets: Sequence[Target], store: VectorStore) -> str:
    name = symbol.rpartition(".")[2]
    if targets:
        known = sorted({target.symbol for target in targets})[:NEAR_NAMES]
        return f"The index has no definition of {symbol}; it defines {name} as {_listed(known)}."
    names = list(await store.defined_names())
    near = await asyncio.to_thread(get_close_matches, plain_name(name), names, NEAR_NAMES)
    defining = await store.defining(near, Scope(), MAX_DEFINITIONS) if near else []
    spelled = {plain_name(each): each for chunk in defining for each in _leaves(chunk)}
    hint = (
        f" Near names that it defines: {_listed(spelled.get(each, each) for each in near)}." if near else ""
    )
    return f"The index has no definition of {symbol}.{hint}"


def _notes(name: str, known: Sequence[Target], found: _Found, is_truncated: bool, limit: int) -> list[str]:
    uses = [use for caller in found.callers for use in caller.uses]
    open_ones = sum(use.resolution is Resolution.NAME_ONLY for use in uses)
    notes = []
    if open_ones:
        count = (
            f"{len(known)} definitions" if len(known) > 1 else "one definition" if known else "no definition"
        )
        notes.append(
            f"{_places(open_ones)} something named {name} without an import that says which; the index has "
            f"{count} of that name, and the syntax does not decide."
        )
    if found.elsewhere:
        notes.append(f"{_places(found.elsewhere)} another {name}; left out.")
    if len(found.callers) > limit:
        notes.append(f"{len(found.callers)} chunks use it; the first {limit} are listed.")
    if is_truncated:
        notes.append(f"More than {MAX_CHUNKS} chunks use the name {name}; narrow the search with a path.")
    return notes


def _changed(count: int) -> str:
    files = f"{count} files have changed since they were" if count > 1 else "1 file has changed since it was"
    return f"{files} indexed; {'their' if count > 1 else 'its'} uses are left out"


def _places(count: int) -> str:
    return f"{count} places use" if count > 1 else "1 place uses"


def _leaves(chunk: Chunk) -> list[str]:
    """The last parts of the names of its symbols."""
    return [symbol.rpartition(".")[2] for symbol in chunk.symbols]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _place(chunk: Chunk) -> tuple[str, int]:
    return chunk.path, chunk.start_line


def _surest_first(caller: Caller) -> tuple[int, str, int]:
    return ORDER.index(caller.resolution), caller.chunk.path, caller.uses[0].line
