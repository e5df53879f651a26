"""Definitions in languages that describe what should be: tables, resources."""

DEFINITIONS = {
    "sql": """
(create_table (object_reference) @name) @table
(create_view (object_reference) @name) @view
(create_materialized_view (object_reference) @name) @view
(create_index column: (identifier) @name) @index
(create_type (object_reference) @name) @type
(create_function (object_reference) @name) @function
(create_procedure (object_reference) @name) @function
(create_trigger (object_reference) @name) @trigger
(create_policy (object_reference) @name) @policy
(create_sequence (object_reference) @name) @sequence
(create_schema (identifier) @name) @schema
(create_database (identifier) @name) @schema
""",
    "terraform": """
(block . (identifier) @_word . (string_lit (template_literal) @owner) . (string_lit (template_literal) @name)
  (#eq? @_word "resource")) @resource
(block . (identifier) @_word . (string_lit (template_literal) @owner) . (string_lit (template_literal) @name)
  (#eq? @_word "data")) @data
(block . (identifier) @_word . (string_lit (template_literal) @name) (#eq? @_word "module")) @module
(block . (identifier) @_word . (string_lit (template_literal) @name) (#eq? @_word "variable")) @variable
(block . (identifier) @_word . (string_lit (template_literal) @name) (#eq? @_word "output")) @output
(block . (identifier) @_word . (string_lit (template_literal) @name) (#eq? @_word "provider")) @provider
(block . (identifier) @_word (body (attribute . (identifier) @name) @local) (#eq? @_word "locals"))
(config_file (body (block . (identifier) @owner . (string_lit (template_literal) @name)) @block))
""",
}
