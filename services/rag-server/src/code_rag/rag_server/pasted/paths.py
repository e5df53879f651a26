"""Matches a path as it was printed, on whatever machine, with the paths of the codebase."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MAX_ALIKE = 8
"""Of a path that may be more files than these nothing is assumed."""

_ROOT = re.compile(r"\A(?:[a-z][a-z0-9+.-]{1,30}:/+|[A-Za-z]:)")
_INSTALLED = re.compile(
    r".*(?:^|/)(?:site-packages|dist-packages|node_modules|gems|pkg/mod|registry/src|rustc|python\d(?:\.\d+)?)/(?P<rest>.+)"
)
"""A file of an installed package."""


@dataclass(frozen=True, slots=True)
class Alike:
    """Files of the codebase that a printed path may be, those that it surely is or those that it may be."""

    paths: tuple[str, ...]
    is_sure: bool


class Paths:
    """The paths of the codebase by the name of the file."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._by_name: defaultdict[str, list[list[str]]] = defaultdict(list)
        for path in sorted(paths):
            segments = path.split("/")
            self._by_name[segments[-1]].append(segments)

    def alike(self, printed: str) -> Alike:
        """The paths that share the most last segments with the printed one."""
        segments, installed = _segments(printed)
        known = self._by_name.get(segments[-1], ()) if segments else ()
        shared = [_shared(segments, each) for each in known]
        most = max(shared, default=0)
        best = [each for each, count in zip(known, shared, strict=True) if count == most]
        if not best or len(best) > MAX_ALIKE:
            return Alike((), is_sure=False)
        is_sure = _is_sure(segments, best[0], most, installed=installed)
        return Alike(tuple("/".join(each) for each in best), is_sure)


def roots(printed: str, known: str) -> tuple[str, str]:
    """The folders in which two paths are the same: where the codebase was, and where it is."""
    one, other = printed.replace("\\", "/").split("/"), known.split("/")
    shared = _shared(one, other)
    return "/".join(one[: len(one) - shared]), "/".join(other[: len(other) - shared])


def _is_sure(printed: Sequence[str], known: Sequence[str], shared: int, *, installed: int) -> bool:
    """Whether two paths with so many equal last segments are one file."""
    if installed:
        return shared >= installed > 1
    if shared == len(printed):  # a relative path
        return True
    return shared > 1 and (shared == len(known) or shared > 2)


def _segments(printed: str) -> tuple[list[str], int]:
    """The segments of a printed path, and how many of them are below a folder of installed packages."""
    path = _ROOT.sub("/", printed.replace("\\", "/").partition("?")[0])
    segments = [each for each in path.split("/") if each not in ("", ".", "..")]
    match = _INSTALLED.fullmatch(path)
    root = ["/"] if path.startswith("/") else []
    return root + segments, match["rest"].count("/") + 1 if match else 0


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    count = 0
    for a, b in zip(reversed(one), reversed(other), strict=False):
        if a != b:
            break
        count += 1
    return count
