"""The reloader's command line."""

import argparse
from dataclasses import dataclass
from pathlib import Path

GRACE_SECONDS = 1  # an open event stream may delay the end of an old worker this long


@dataclass(frozen=True, slots=True)
class Options:
    """The app's factory, where to listen, and the folders that hold the source."""

    factory: str
    host: str
    port: int
    watch: tuple[Path, ...]

    @classmethod
    def parse(cls, arguments: list[str]) -> "Options":
        """Read a command line; an invalid one ends the process with exit code 2 and an error message."""
        parser = argparse.ArgumentParser(prog="python -m code_rag.reloader")
        parser.add_argument("factory", help="function that creates the app, as package.module:function")
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, required=True)
        parser.add_argument(
            "--watch", type=Path, action="append", required=True, help="folder of source to watch; repeatable"
        )
        given = parser.parse_args(arguments)
        missing = [str(folder) for folder in given.watch if not folder.is_dir()]
        if missing:
            parser.error(f"no such folder: {', '.join(missing)}")
        if ":" not in given.factory:
            parser.error(f"{given.factory!r} is not of the form package.module:function")
        return cls(given.factory, given.host, given.port, tuple(folder.resolve() for folder in given.watch))

    def watches(self, file: str) -> bool:
        """Whether a module's file is source that may change: the supervisor must not import it."""
        return any(Path(file).resolve().is_relative_to(folder) for folder in self.watch)
