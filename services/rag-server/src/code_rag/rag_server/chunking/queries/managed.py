"""Definitions in languages that a virtual machine or a runtime of their own runs."""

DEFINITIONS = {
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
    "java": """
(class_declaration name: (_) @name) @class
(record_declaration name: (_) @name) @class
(interface_declaration name: (_) @name) @interface
(annotation_type_declaration name: (_) @name) @interface
(enum_declaration name: (_) @name) @enum
(constructor_declaration name: (_) @name) @method
(method_declaration name: (_) @name) @method
""",
    "dart": """
(class_definition name: (_) @name) @class
(mixin_declaration (identifier) @name) @trait
(extension_declaration name: (_) @name) @extension
(extension_type_declaration name: (_) @name) @class
(enum_declaration name: (_) @name) @enum
(type_alias . (type_identifier) @name "=") @type
(type_alias (type_identifier) @name . (formal_parameter_list)) @type
(method_signature (_ name: (_) @name)) @method
(method_signature (operator_signature "operator" . (_) @name)) @method
(method_signature (factory_constructor_signature (identifier) (identifier) @name)) @method
(method_signature (factory_constructor_signature . (identifier) @name)) @method
(declaration (function_signature name: (_) @name)) @method
(declaration (constructor_signature name: (identifier) name: (identifier) @name)) @method
(declaration (constructor_signature name: (identifier) @name)) @method
(program (function_signature name: (_) @name) @function)
(program (getter_signature name: (_) @name) @function)
(program (setter_signature name: (_) @name) @function)
""",
    "kotlin": """
(class_declaration "interface" name: (_) @name) @interface
(class_declaration (modifiers (class_modifier "enum")) name: (_) @name) @enum
(class_declaration name: (_) @name) @class
(object_declaration name: (_) @name) @object
(companion_object name: (_) @name) @object
(type_alias type: (_) @name) @type
(function_declaration (user_type . (identifier) @owner) . name: (_) @name) @function
(function_declaration name: (_) @name) @function
(secondary_constructor "constructor" @name) @method
(property_declaration (variable_declaration . (identifier) @name) (lambda_literal)) @function
(property_declaration (variable_declaration . (identifier) @name) (anonymous_function)) @function
(property_declaration (variable_declaration . (identifier) @name) (getter)) @property
""",
    "scala": """
(class_definition name: (_) @name) @class
(object_definition name: (_) @name) @object
(package_object name: (_) @name) @object
(trait_definition name: (_) @name) @trait
(enum_definition name: (_) @name) @enum
(type_definition name: (_) @name) @type
(given_definition name: (_) @name) @object
(function_definition name: (_) @name) @function
(function_declaration name: (_) @name) @method
(val_definition pattern: (identifier) @name value: (lambda_expression)) @function
""",
}
