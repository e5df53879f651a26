"""The local model in a process of its own, which `python -m code_rag.llm_server.engine` is."""
