"""MCP: what rag-server can do as tools and resources for coding agents, the same over stdio and HTTP."""
