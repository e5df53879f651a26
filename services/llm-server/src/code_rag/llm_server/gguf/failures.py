"""What can keep the model's file from being there."""


class ModelMissing(Exception):
    """The file cannot be had; the message says why for each source, and what to do."""


class SourceFailed(Exception):
    """One source does not have the file; the message says why."""
