"""Ending a service of a stack as a crash would."""

import signal

from code_rag.localstack.processes import LocalStack
from tests.fixtures.waiting import wait_for


def kill(stack: LocalStack, name: str, number: signal.Signals = signal.SIGKILL) -> None:
    """Send a service SIGKILL, as a lack of memory would, or another signal, and wait until it is gone."""
    service = stack.services[name]
    service.send(number)
    wait_for(lambda: service.exit_code() is not None, f"{name} to be gone")
