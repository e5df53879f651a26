"""Validates HTTP input; each error names the parameter that is wrong."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from code_rag.rag_server import vector_table
from code_rag.rag_server.codebase.codebases import Codebases
from code_rag.rag_server.codebase.disk import DiskStalled
from code_rag.rag_server.codebase.explaining import Exclusion
from code_rag.rag_server.codebase.paths import PathOutsideError, composed
from code_rag.rag_server.model import Scope, SourceFile, Vector
from code_rag.rag_server.wire import MAX_QUERY_CHARS
from code_rag.servicekit.errors import InvalidInput, NotFound, Unavailable

_SURROGATE = re.compile("[\ud800-\udfff]")  # JSON can contain half of a pair, which no encoding can represent


def clean_query(text: str, param: str, longest: int = MAX_QUERY_CHARS) -> str:
    """`text` without NULs and without whitespace at either end.

    Raises InvalidInput, naming `param`, if the result is empty, too long or not valid Unicode.
    """
    cleaned = composed(text.replace("\0", "").strip())
    if _SURROGATE.search(cleaned):
        raise InvalidInput(f"{param}: must be valid Unicode.", param=param)
    if not cleaned:
        raise InvalidInput(f"{param}: must contain more than whitespace.", param=param)
    if len(cleaned) > longest:
        raise InvalidInput(f"{param}: must have at most {longest:,} characters.", param=param)
    return cleaned


def only_one_of(**values: object) -> None:
    """Raise InvalidInput, naming the first parameter, unless exactly one of the values is given."""
    given = [name for name, value in values.items() if value is not None]
    if len(given) != 1:
        first = next(iter(values))
        raise InvalidInput(f"{first}: give exactly one of {', '.join(values)}.", param=first)


def path_of(text: str, param: str) -> str:
    """A path inside the codebase, "" for all of it; raises InvalidInput, naming `param`, for one outside."""
    path = PurePosixPath(composed(text.strip().strip("/")))
    if ".." in path.parts:
        raise InvalidInput(f"{param}: must stay inside the codebase.", param=param)
    return "" if path == PurePosixPath() else str(path)


def scope_of(
    codebases: Codebases, path: str | None, language: str | None, codebase: str | None = None
) -> Scope:
    """The filters of a search; raises NotFound for an unknown codebase, InvalidInput for a path outside."""
    cleaned = path_of(path or "", "path")
    return Scope(path_in(codebases, cleaned, codebase), (language or "").strip().lower())


def path_in(codebases: Codebases, path: str, codebase: str | None) -> str:
    """The part that `path` and `codebase` name: a path as results show it, empty for everything.

    Raises NotFound for an unknown codebase, and InvalidInput for a path outside it.
    """
    if not codebase:
        return path
    member = codebases.named(codebase.strip())
    if member is None:
        known = ", ".join(codebases.names)
        raise NotFound(f"codebase: there is no {codebase!r}, only {known}.", param="codebase")
    if path and codebases.owner(path) is not member:
        example = f"{member.prefix}/{path}"
        raise InvalidInput(f"path: {path!r} is not in {member.name!r}; is it {example!r}?", param="path")
    return path or member.prefix


def exclusion_of(codebases: Codebases, path: str) -> tuple[str, Exclusion | None]:
    """The path as it is indexed, and why what is there is left out.

    Raises InvalidInput for a path outside the codebase, NotFound for one that does not exist, and Unavailable
    where the disk does not answer.
    """
    try:
        exclusion = codebases.exclusion(path)
    except PathOutsideError as error:
        raise InvalidInput(str(error), param="path") from error
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound("There is no such file or folder in the codebase.", param="path") from None
    except DiskStalled as error:
        raise Unavailable(f"The codebase cannot be read: {error.strerror}.") from error
    return "/".join(PurePosixPath(composed(path)).parts), exclusion


def source_of(codebases: Codebases, path: str) -> SourceFile:
    """The file at `path` as it is now.

    Raises InvalidInput for a NUL in the path, and NotFound for a file that is missing or not indexed: the
    same message for both, so that it does not reveal which ignored or secret files exist. Raises Unavailable
    where the disk does not answer.
    """
    if "\0" in path:
        raise InvalidInput("path: must not contain a NUL character.", param="path")
    file = codebases.source(path)
    if file is None:
        if (owner := codebases.owner(path)) and owner.disk.is_stalled:
            raise Unavailable("The codebase cannot be read: the disk does not answer.")
        raise NotFound("There is no such file in the indexed codebase.", param="path")
    return file


def keys_in(data: bytes) -> list[str]:
    """The keys of vectors, 16 bytes each; raises InvalidInput for anything else."""
    try:
        return vector_table.read_keys(data)
    except vector_table.DamagedTable as error:
        raise InvalidInput(f"keys: {error}", param="keys") from error


def vectors_in(data: bytes, dimension: int) -> Mapping[str, Vector]:
    """Vectors by their keys, in the form of `vector_table`; raises InvalidInput for anything else."""
    try:
        return vector_table.read(data, dimension)
    except vector_table.DamagedTable as error:
        raise InvalidInput(f"data: {error}", param="data") from error
