"""Texts to embed that every machine with Python has."""

import ast
import sysconfig
from functools import cache
from pathlib import Path


@cache
def functions(count: int = 512) -> list[str]:
    """Functions of this Python's standard library, spread evenly over its modules."""
    found: list[str] = []
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        source = path.read_text()
        nodes = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef))
        found += [ast.get_source_segment(source, node) or "" for node in nodes]
    return found[:: len(found) // count][:count]
