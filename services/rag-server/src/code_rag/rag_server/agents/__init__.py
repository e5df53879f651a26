"""Coding agents: where each keeps its MCP servers and instructions, and how both are changed with care."""
