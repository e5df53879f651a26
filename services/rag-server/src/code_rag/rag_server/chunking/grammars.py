"""The tree-sitter grammars, and what counts as a definition in each language.

In a query `@name` is the name of a definition and `@owner` the type it belongs to if it is defined outside
that type; captures that start with `_` only select, and the name of the remaining one is the kind of the
definition. If two patterns match a node, the first one counts.
"""

from functools import cache
from importlib import import_module

from tree_sitter import Language, Query

from code_rag.rag_server.chunking.queries import declarative, managed, scripting, systems

_DEFINITIONS = systems.DEFINITIONS | managed.DEFINITIONS | scripting.DEFINITIONS | declarative.DEFINITIONS

_ENTRY_POINTS = {
    "csharp": "tree_sitter_c_sharp:language",
    "php": "tree_sitter_php:language_php",
    "terraform": "tree_sitter_hcl:language",
    "tsx": "tree_sitter_typescript:language_tsx",
    "typescript": "tree_sitter_typescript:language_typescript",
}


@cache
def load_grammar(language: str) -> tuple[Language, Query] | None:
    """The grammar of a language and the query for its definitions; None for a language without one.

    Raises `ModuleNotFoundError` if the grammar's package is not installed.
    """
    if language not in _DEFINITIONS:
        return None
    module, _, function = _ENTRY_POINTS.get(language, f"tree_sitter_{language}:language").partition(":")
    grammar = Language(getattr(import_module(module), function)())
    return grammar, Query(grammar, _DEFINITIONS[language])
