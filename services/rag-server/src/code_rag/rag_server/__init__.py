"""Indexes a codebase, searches it and answers questions about it with citations."""

__version__ = "0.1.0"
