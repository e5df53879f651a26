"""all-MiniLM-L6-v2 over HTTP: /embed and OpenAI's /v1/embeddings."""

__version__ = "0.1.0"
