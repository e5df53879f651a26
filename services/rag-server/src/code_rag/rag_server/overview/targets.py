"""The programs that a manifest names: `shop.cli:main`, `./bin/shop.js`."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from code_rag.rag_server.quoting.excerpt import Excerpt

_FUNCTION = re.compile(r"[=\s\"']([A-Za-z_][\w.]*):([A-Za-z_]\w*)")
_FILE = re.compile(r"\"(?:\./)?([\w./-]+)\"(?!\s*:)")


@dataclass(frozen=True, slots=True)
class Target:
    """How the path of a program may end, and the function in it that starts."""

    endings: tuple[str, ...]
    function: str = ""

    def among(self, paths: Sequence[str]) -> str | None:
        """The first of the paths that it can be."""
        for ending in self.endings:
            for path in paths:
                if path == ending or path.endswith(f"/{ending}"):
                    return path
        return None


def targets(manifest: Excerpt) -> Iterator[Target]:
    """What the quoted lines of a manifest name, in order."""
    text = "\n".join(line for _, lines in manifest.quoted() for line in lines)
    for match in _FUNCTION.finditer(text):
        module = match[1].replace(".", "/")
        yield Target((f"{module}.py", f"{module}/__init__.py"), match[2])
    for match in _FILE.finditer(text):
        yield Target((match[1], f"{match[1]}.js", f"{match[1]}/index.js"))
