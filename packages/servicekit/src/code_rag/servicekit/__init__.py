"""What every service shares; it depends on no model, store or retrieval code."""

__version__ = "0.1.0"
