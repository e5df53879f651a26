"""The file of the local model: found or fetched, and checked by size and hash."""
