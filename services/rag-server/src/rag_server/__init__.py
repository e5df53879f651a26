"""Indexes a codebase, searches it and answers questions about it with citations."""
