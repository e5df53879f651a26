"""The world outside, behind `rag_server.ports`: vector stores and the services that rag-server calls."""
