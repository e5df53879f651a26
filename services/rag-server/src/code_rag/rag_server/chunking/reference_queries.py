"""What counts as a use of a definition in each language, as tree-sitter queries.

`@callee` is what is called, constructed or inherited from, `@object` what a method is called on where the
grammar keeps it apart, `@type` the name of a type, `@mention` a name that is passed on and may be a function,
and `@import` an import.
"""

_JAVASCRIPT = """
(call_expression function: [(identifier) (member_expression)] @callee)
(new_expression constructor: [(identifier) (member_expression)] @callee)
(class_heritage [(identifier) (member_expression)] @callee)
(arguments [(identifier) (member_expression)] @mention)
(pair value: [(identifier) (member_expression)] @mention)
(array (identifier) @mention)
(shorthand_property_identifier) @mention
(variable_declarator value: [(identifier) (member_expression)] @mention)
(import_statement) @import
(variable_declarator value: (call_expression function: (identifier) @_f (#eq? @_f "require"))) @import
"""

_JSX = """
(jsx_opening_element name: (_) @callee)
(jsx_self_closing_element name: (_) @callee)
(jsx_expression [(identifier) (member_expression)] @mention)
"""

_TYPESCRIPT = (
    _JAVASCRIPT.replace("(class_heritage [(identifier) (member_expression)] @callee)", "")
    + """
(extends_clause value: (_) @callee)
(decorator (identifier) @callee)
(type_identifier) @type
(nested_type_identifier) @type
"""
)

_C = """
(call_expression function: [(identifier) (field_expression)] @callee)
(type_identifier) @type
(argument_list (identifier) @mention)
(initializer_list (identifier) @mention)
(init_declarator value: (identifier) @mention)
(preproc_include path: (_)) @import
"""

REFERENCES = {
    "bash": """
(command name: (command_name) @callee)
(command name: (command_name) @_c (#any-of? @_c "source" ".")) @import
""",
    "c": _C,
    "cpp": _C
    + """
(call_expression function: [(qualified_identifier) (template_function)] @callee)
(base_class_clause (qualified_identifier) @type)
(using_declaration) @import
""",
    "csharp": """
(invocation_expression function: (_) @callee)
(object_creation_expression type: (_) @type)
(base_list (_) @type)
(attribute name: (_) @callee)
(variable_declaration type: [(identifier) (generic_name) (qualified_name)] @type)
(parameter type: [(identifier) (generic_name) (qualified_name)] @type)
(type_argument_list [(identifier) (qualified_name)] @type)
(argument (identifier) @mention)
(argument (member_access_expression) @mention)
(using_directive) @import
""",
    "go": """
(call_expression function: [(identifier) (selector_expression)] @callee)
(type_identifier) @type
(qualified_type) @type
(argument_list [(identifier) (selector_expression)] @mention)
(literal_element [(identifier) (selector_expression)] @mention)
(import_spec) @import
""",
    "java": """
(method_invocation object: (_) @object name: (_) @callee)
(method_invocation !object name: (_) @callee)
(method_reference) @callee
(type_identifier) @type
(annotation name: (_) @callee)
(marker_annotation name: (_) @callee)
(import_declaration) @import
""",
    "javascript": _JAVASCRIPT + _JSX + "(decorator (identifier) @callee)",
    "kotlin": """
(call_expression . [(identifier) (navigation_expression)] @callee)
(callable_reference (identifier) @callee)
(user_type) @type
(import) @import
""",
    "php": """
(function_call_expression function: [(name) (qualified_name)] @callee)
(member_call_expression object: (_) @object name: (name) @callee)
(nullsafe_member_call_expression object: (_) @object name: (name) @callee)
(scoped_call_expression scope: (_) @object name: (name) @callee)
(object_creation_expression [(name) (qualified_name)] @callee)
(named_type [(name) (qualified_name)] @type)
(base_clause (_) @type)
(class_interface_clause (_) @type)
(class_constant_access_expression . (name) @type)
(use_declaration (_) @type)
(namespace_use_declaration) @import
""",
    "python": """
(call function: [(identifier) (attribute)] @callee)
(decorator [(identifier) (attribute)] @callee)
(class_definition superclasses: (argument_list [(identifier) (attribute)] @callee))
(argument_list [(identifier) (attribute)] @mention)
(keyword_argument value: [(identifier) (attribute)] @mention)
(assignment right: [(identifier) (attribute)] @mention)
(pair value: [(identifier) (attribute)] @mention)
(list [(identifier) (attribute)] @mention)
(tuple [(identifier) (attribute)] @mention)
(return_statement [(identifier) (attribute)] @mention)
(raise_statement [(identifier) (attribute)] @mention)
(except_clause [(identifier) (attribute)] @mention)
(as_pattern . [(identifier) (attribute)] @mention)
(type [(identifier) (attribute)] @mention)
(type (binary_operator [(identifier) (attribute)] @mention))
(generic_type (identifier) @mention)
[(import_statement) (import_from_statement)] @import
""",
    "ruby": """
(call receiver: (_) @object method: [(identifier) (constant)] @callee)
(call !receiver method: [(identifier) (constant)] @callee)
(constant) @type
(scope_resolution) @type
(call method: (identifier) @_r (#any-of? @_r "require" "require_relative")) @import
""",
    "rust": """
(call_expression function: [(identifier) (scoped_identifier) (field_expression)] @callee)
(call_expression function: (generic_function function: (_) @callee))
(macro_invocation macro: (_) @callee)
(type_identifier) @type
(scoped_type_identifier) @type
(arguments [(identifier) (scoped_identifier)] @mention)
(token_tree (identifier) @mention)
(use_declaration) @import
""",
    "scala": """
(call_expression function: [(identifier) (field_expression)] @callee)
(type_identifier) @type
(import_declaration) @import
""",
    "swift": """
(call_expression . [(simple_identifier) (navigation_expression)] @callee)
(type_identifier) @type
(import_declaration) @import
""",
    "tsx": _TYPESCRIPT + _JSX,
    "typescript": _TYPESCRIPT,
}
