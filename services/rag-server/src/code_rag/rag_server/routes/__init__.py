"""The HTTP endpoints, one file per subject; errors carry their HTTP status, so routes do not handle them."""
