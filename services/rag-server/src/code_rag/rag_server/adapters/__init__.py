"""Implementations of `rag_server.ports`: vector stores and clients of the services rag-server calls."""
