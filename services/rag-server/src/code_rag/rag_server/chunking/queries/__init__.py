"""What counts as a definition in each language, as queries of tree-sitter."""
