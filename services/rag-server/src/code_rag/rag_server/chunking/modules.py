"""Whether a module that an import names is the file that a definition is in, as far as the names say."""

import re
from posixpath import dirname, splitext

_SEPARATOR = re.compile(r"[./\\:]+")
_EXTENSION = re.compile(r"\.(?:[cm]?[jt]sx?|vue|svelte)$")
_HERE = frozenset({"", "@", "~", "crate", "self", "super"})
"""Parts of a module's name that are no folder."""
_FOLDER_FILES = frozenset({"__init__", "index", "mod", "lib"})
"""A file of this name stands for its folder."""


def names_file(module: str, path: str, importer: str, language: str) -> bool:
    """Whether `module`, imported in the file `importer`, can be the file at `path` or a folder that it is in.

    A folder counts because packages hand on what their files define.
    """
    file = path_parts(path)
    if module.startswith("."):
        place = _relative(module, importer, language)
        return place is not None and file[: len(place)] == place
    parts = module_parts(module)
    if not parts:
        return False
    if _ends_with(file, parts) or _ends_with(parts, file):
        return True
    if language == "go":  # a package is the folder of its files, named from the root of the module
        return len(file) > 1 and _ends_with(parts, file[:-1])
    return any(_ends_with(file[:end], parts) for end in range(len(parts), len(file)))


def module_parts(module: str) -> list[str]:
    """The parts of a module's name: `crate::shop::orders` gives shop and orders."""
    return [part for part in _SEPARATOR.split(_EXTENSION.sub("", module)) if part not in _HERE]


def path_parts(path: str) -> list[str]:
    """The folders of a path and the words of its file's name; a file that stands for its folder adds none."""
    *folders, name = path.split("/")
    stem = splitext(name)[0]
    return folders if stem in _FOLDER_FILES else [*folders, *filter(None, stem.split("."))]


def _relative(module: str, importer: str, language: str) -> list[str] | None:
    """Where a relative import leads, from the root; None if it leads out of it."""
    folder = [part for part in dirname(importer).split("/") if part]
    if language == "python":
        climbed = len(module) - len(module.lstrip(".")) - 1
    else:
        climbed = module.split("/").count("..")
    if climbed > len(folder):
        return None
    return [*folder[: len(folder) - climbed], *module_parts(module)]


def _ends_with(whole: list[str], end: list[str]) -> bool:
    return bool(end) and whole[-len(end) :] == end
