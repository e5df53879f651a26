"""What can keep the model's file from being there."""


class ModelMissing(Exception):
    """The file cannot be had; the message says why for each source, and what to do."""
