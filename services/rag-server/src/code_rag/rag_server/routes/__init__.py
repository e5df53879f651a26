"""The HTTP endpoints, one file per subject; errors carry their status, so no route handles any."""
