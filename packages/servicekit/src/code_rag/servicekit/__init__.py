"""The plumbing every service shares; it knows nothing of models, stores or retrieval."""

__version__ = "0.1.0"
