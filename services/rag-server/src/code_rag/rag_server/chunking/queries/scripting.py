"""Definitions in scripting languages."""

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

DEFINITIONS = {
    "bash": "(function_definition name: (_) @name) @function",
    "elixir": """
(call target: (identifier) @_word (arguments . (alias) @name)
  (#eq? @_word "defmodule")) @module
(call target: (identifier) @_word (arguments . (alias) @name)
  (#eq? @_word "defprotocol")) @interface
(call target: (identifier) @_word
  (arguments . (alias) @owner (keywords . (pair value: (alias) @name)))
  (#eq? @_word "defimpl")) @impl
(call target: (identifier) @_word (arguments . [
    (identifier) @name
    (call target: (identifier) @name)
    (binary_operator left: (call target: (identifier) @name) operator: "when")
    (binary_operator left: (identifier) @name operator: "when")
  ]) (#any-of? @_word "def" "defp" "defdelegate" "defn" "defnp")) @function
(call target: (identifier) @_word (arguments . [
    (identifier) @name
    (call target: (identifier) @name)
    (binary_operator left: (call target: (identifier) @name) operator: "when")
  ]) (#any-of? @_word "defmacro" "defmacrop" "defguard" "defguardp")) @macro
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
    "tsx": _JAVASCRIPT + _TYPESCRIPT,
    "typescript": _JAVASCRIPT + _TYPESCRIPT,
}
