"""What `make run` prints of a running stack: the start, the index, an answer, the addresses.

A run and an answer are printed by the code of `coderag`.
"""

import os
import time
from types import TracebackType
from typing import Self

from code_rag.localstack.errors import StackError
from code_rag.localstack.processes import LocalStack
from code_rag.rag_server.answer import NO_MODEL
from code_rag.rag_server.answer_wire import AskRequest
from code_rag.rag_server.cli.ask import follow, print_sources, suggestions
from code_rag.rag_server.cli.client import Client
from code_rag.rag_server.cli.failure import Failure
from code_rag.rag_server.cli.index import POLL_SECONDS, print_run, progress
from code_rag.rag_server.cli.terminal import stderr
from code_rag.rag_server.wire import IndexStatus

START_SECONDS = 120.0
QUOTED = (
    "note: answers are quoted from the code; for written ones set OPENAI_API_KEY, or OPENAI_BASE_URL for "
    "your own model, in .env, or use a model on this machine (1.1 GB, once): make run LLM=local"
)


class Session:
    """Talks to a stack's rag-server and prints the results; use it as a context manager."""

    def __init__(self, stack: LocalStack) -> None:
        self.stack = stack
        stack.say = self.say
        try:
            self.client = Client(stack.rag_url, os.environ.get("API_KEY", ""))
        except Failure as failure:
            raise StackError(str(failure)) from None
        self.indexed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.__exit__(kind, error, trace)

    def say(self, text: str) -> None:
        """Print a text at once, whatever reads our output."""
        print(text, flush=True)

    def wait_started(self, began: float) -> None:
        """Return when all three can serve; `began` is when we started them."""
        with stderr().status("Starting embedding-server, llm-server and rag-server"):
            self.stack.wait_ready(START_SECONDS)
        self.say(f"Three services started in {time.monotonic() - began:.1f} s.")

    def follow_index(self, seconds: float) -> None:
        """Show the indexing run until it ends, for `seconds` at most."""
        if self.indexed:
            return
        deadline = time.monotonic() + seconds
        with progress() as show:
            while not self.indexed and time.monotonic() < deadline:
                self.stack.supervise()
                if status := self.index_status():
                    show(status)
                    self.indexed = status.state in ("idle", "failed") and status.finished_at is not None
                time.sleep(POLL_SECONDS)
        if self.indexed and status:
            self.show_run(status)

    def index_status(self) -> IndexStatus | None:
        """What `GET /index` says; None while rag-server does not answer."""
        try:
            return self.client.get("/index", IndexStatus)
        except Failure:
            return None

    def show_run(self, status: IndexStatus) -> None:
        """Print the result of the run; the stack stays up after a failed one too."""
        try:
            print_run(status)
        except Failure as failure:
            self.say(str(failure))

    def suggested(self) -> str:
        """The question that rag-server suggests first; empty where it suggests none."""
        try:
            return next(iter(suggestions(self.client).questions), "")
        except Failure:
            return ""

    def ask(self, question: str) -> bool:
        """Ask `question` and print the answer with the places it cites; returns whether there is one."""
        if not question:
            return False
        self.say(f"\n? {question}\n")
        try:
            answer = follow(self.client, AskRequest(question=question, stream=True), show=True)
        except Failure as failure:
            self.say(f"No answer: {failure}")
            return False
        if answer.citations:
            print_sources(answer)
        if answer.model == NO_MODEL:
            self.say(QUOTED)
        return True

    def introduce(self) -> None:
        """Print the addresses, how to ask and where the logs are."""
        services = self.stack.services.values()
        self.say("\n" + "\n".join(f"{service.name:17} {service.url}" for service in services))
        variable = "" if self.stack.ports.rag == 8000 else f"RAG_SERVER_URL={self.stack.rag_url} "
        self.say(f'ask               {variable}.venv/bin/coderag ask "..."  or open {self.stack.rag_url}')
        self.say(f"logs              {self.stack.log_dir}")
        if self.stack.reload:
            self.say("hot reload        save a file in services/*/src or packages/servicekit/src")
        self.say("Press Ctrl-C to stop.")

    def stay(self) -> None:
        """Watch over the services until a signal ends it."""
        while True:
            self.stack.supervise()
            time.sleep(POLL_SECONDS)
