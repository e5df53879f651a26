"""all-MiniLM-L6-v2 over HTTP: text in, vectors of length 1 out."""

__version__ = "0.1.0"
