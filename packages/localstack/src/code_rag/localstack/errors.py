"""Why a stack cannot run."""


class StackError(Exception):
    """The stack cannot run; the message says why and what to do."""
