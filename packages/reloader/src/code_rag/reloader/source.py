"""Imports watched source from its text, never from byte code.

Python considers a .pyc current when the source's size and its mtime in whole seconds are unchanged. A file
that is saved twice within a second at the same size would be served in its first version.

`python -m code_rag.reloader.source MODULE ARGUMENT…` runs a module with all of `code_rag` imported this way.
"""

import runpy
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.machinery import (
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    SourceFileLoader,
)
from pathlib import Path
from typing import NoReturn


class TextLoader(SourceFileLoader):
    """Compiles a module's source at each import; neither reads nor writes a .pyc."""

    def path_stats(self, path: str) -> NoReturn:
        """Raise OSError: without the source's mtime Python uses no byte code (`SourceLoader.get_code`)."""
        raise OSError(f"byte code of {path} is not used")


def compile_from_text(folders: Sequence[Path]) -> None:
    """Import everything in `folders`, from now on and in forked processes, from its text."""

    def hook(entry: str) -> FileFinder:
        place = Path(entry).resolve()
        # The package of a watched folder is found from the folders above it.
        if not any(place.is_relative_to(folder) or folder.is_relative_to(place) for folder in folders):
            raise ImportError(f"{entry} is not watched")
        return FileFinder(entry, (ExtensionFileLoader, EXTENSION_SUFFIXES), (TextLoader, SOURCE_SUFFIXES))

    sys.path_hooks.insert(0, hook)
    sys.path_importer_cache.clear()


def main() -> None:
    """Run the module that the command line names, from the text of its source."""
    compile_from_text([Path(folder).resolve() for folder in import_module("code_rag").__path__])
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
