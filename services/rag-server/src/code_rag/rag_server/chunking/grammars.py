"""The tree-sitter grammars, and what counts as a definition in each language.

In a query `@name` is the name of a definition and `@owner` the type it belongs to if it is defined outside
that type; the name of the third capture is the kind of the definition. If two patterns match a node, the
first one counts.
"""

from functools import cache
from importlib import import_module

from tree_sitter import Language, Query

_JAVASCRIPT = """
(class_declaration name: (_) @name) @class
(class name: (_) @name) @class
(function_declaration name: (_) @name) @function
(generator_function_declaration name: (_) @name) @function
(method_definition name: (_) @name) @method
(variable_declarator name: (identifier) @name value: (class)) @class
(variable_declarator name: (identifier) @name value: [(arrow_function) (function_expression)]) @function
(assignment_expression left: (member_expression) @name right: (arrow_function)) @function
(assignment_expression left: (member_expression) @name right: (function_expression)) @function
(pair key: (property_identifier) @name value: [(arrow_function) (function_expression)]) @function
"""

_TYPESCRIPT = """
(abstract_class_declaration name: (_) @name) @class
(interface_declaration name: (_) @name) @interface
(type_alias_declaration name: (_) @name) @type
(enum_declaration name: (_) @name) @enum
(internal_module name: (_) @name) @module
(function_signature name: (_) @name) @function
(abstract_method_signature name: (_) @name) @method
(public_field_definition name: (_) @name value: (arrow_function)) @method
"""

_C = """
(function_definition declarator: (function_declarator declarator: (_) @name)) @function
(function_definition declarator: (_ declarator: (function_declarator declarator: (_) @name))) @function
(struct_specifier name: (_) @name body: (_)) @struct
(union_specifier name: (_) @name body: (_)) @struct
(enum_specifier name: (_) @name body: (_)) @enum
(type_definition declarator: (type_identifier) @name) @type
(preproc_function_def name: (_) @name) @macro
"""

_DEFINITIONS = {
    "bash": "(function_definition name: (_) @name) @function",
    "c": _C,
    "cpp": _C
    + """
(function_definition declarator: (reference_declarator (function_declarator declarator: (_) @name))) @function
(class_specifier name: (_) @name body: (_)) @class
(namespace_definition name: (_) @name) @module
(alias_declaration name: (_) @name) @type
(concept_definition name: (_) @name) @type
""",
    "csharp": """
(namespace_declaration name: (_) @name) @module
(class_declaration name: (_) @name) @class
(record_declaration name: (_) @name) @class
(struct_declaration name: (_) @name) @struct
(interface_declaration name: (_) @name) @interface
(enum_declaration name: (_) @name) @enum
(delegate_declaration name: (_) @name) @type
(constructor_declaration name: (_) @name) @method
(method_declaration name: (_) @name) @method
(property_declaration name: (_) @name) @property
(local_function_statement name: (_) @name) @function
""",
    "go": """
(function_declaration name: (_) @name) @function
(method_declaration receiver: (parameter_list (parameter_declaration type: [
  (type_identifier) @owner
  (generic_type type: (_) @owner)
  (pointer_type (type_identifier) @owner)
  (pointer_type (generic_type type: (_) @owner))
])) name: (_) @name) @method
(type_spec name: (_) @name type: (struct_type)) @struct
(type_spec name: (_) @name type: (interface_type)) @interface
(type_spec name: (_) @name) @type
(type_alias name: (_) @name) @type
""",
    "java": """
(class_declaration name: (_) @name) @class
(record_declaration name: (_) @name) @class
(interface_declaration name: (_) @name) @interface
(annotation_type_declaration name: (_) @name) @interface
(enum_declaration name: (_) @name) @enum
(constructor_declaration name: (_) @name) @method
(method_declaration name: (_) @name) @method
""",
    "javascript": _JAVASCRIPT + "(field_definition property: (_) @name value: (arrow_function)) @method",
    "php": """
(class_declaration name: (_) @name) @class
(interface_declaration name: (_) @name) @interface
(trait_declaration name: (_) @name) @trait
(enum_declaration name: (_) @name) @enum
(function_definition name: (_) @name) @function
(method_declaration name: (_) @name) @method
""",
    "python": """
(class_definition name: (_) @name) @class
(function_definition name: (_) @name) @function
""",
    "ruby": """
(class name: (_) @name) @class
(module name: (_) @name) @module
(method name: (_) @name) @method
(singleton_method name: (_) @name) @method
""",
    "rust": """
(function_item name: (_) @name) @function
(function_signature_item name: (_) @name) @function
(struct_item name: (_) @name) @struct
(union_item name: (_) @name) @struct
(enum_item name: (_) @name) @enum
(trait_item name: (_) @name) @trait
(type_item name: (_) @name) @type
(mod_item name: (_) @name body: (_)) @module
(macro_definition name: (_) @name) @macro
(impl_item type: (generic_type type: (_) @name)) @impl
(impl_item type: (_) @name) @impl
""",
    "tsx": _JAVASCRIPT + _TYPESCRIPT,
    "typescript": _JAVASCRIPT + _TYPESCRIPT,
}

_ENTRY_POINTS = {
    "csharp": "tree_sitter_c_sharp:language",
    "php": "tree_sitter_php:language_php",
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
