"""Builds the parts of the app: the stores, the use cases, and the watch for the embedding model."""
