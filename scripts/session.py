"""One running stack as its user sees it: it starts, it indexes, it answers, it says where to go on."""

import os
import time
from pathlib import Path
from typing import Any

import httpx2
from local_stack import LocalStack
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

START_SECONDS = 120.0
ANSWER_SECONDS = 120.0
PLAIN_LINE_SECONDS = 5.0
"""How often progress is printed where the output is not a terminal."""


class Session:
    """Talks to a stack's rag-server and prints to `console`, with bars where that is a terminal."""

    def __init__(self, stack: LocalStack, console: Console) -> None:
        key = os.environ.get("API_KEY")
        headers = {"authorization": f"Bearer {key}"} if key else {}
        self.stack = stack
        self.console = console
        self.client = httpx2.Client(base_url=stack.rag_url, headers=headers, timeout=10, trust_env=False)
        self.indexed = False
        self.spoken = time.monotonic()

    def say(self, text: str) -> None:
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def wait_started(self) -> None:
        """Return when all three can serve."""
        started = time.monotonic()
        with self.console.status("Starting embedding-server, llm-server and rag-server"):
            self.stack.wait_ready(START_SECONDS)
        self.say(f"Three services started in {time.monotonic() - started:.1f} s.")

    def follow_index(self, seconds: float) -> None:
        """Show the indexing run until it ends, for `seconds` at most."""
        if self.indexed:
            return
        deadline = time.monotonic() + seconds
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("files"),
                   TextColumn("{task.fields[note]}"), TimeElapsedColumn())  # fmt: skip
        with Progress(*columns, console=self.console, disable=not self.console.is_terminal) as progress:
            task = progress.add_task("Indexing", total=None, note="")
            while not self.indexed and time.monotonic() < deadline:
                self.stack.supervise()
                status = self.index_status()
                if status:
                    self.show(status, progress, task)
                time.sleep(0.2)

    def index_status(self) -> dict[str, Any] | None:
        """What `GET /index` says; None while rag-server is away."""
        try:
            answer = self.client.get("/index")
        except httpx2.TransportError:
            return None
        return answer.json() if answer.is_success else None

    def show(self, status: dict[str, Any], progress: Progress, task: TaskID) -> None:
        """Bring the bar up to date, or print a line now and then; at the end print what came of the run."""
        self.indexed = status["state"] in ("idle", "failed") and status["finished_at"] is not None
        if self.indexed:
            progress.stop()
            failed = f"Indexing failed: {status['detail']}. " if status["state"] == "failed" else ""
            self.say(f"{failed}Indexed {summary(status)}.")
            return
        files = status["files"]
        note = status["detail"] if status["state"] == "waiting" else f"{status['chunks']} chunks"
        progress.update(
            task, total=files["total"] or None, completed=files["total"] - files["pending"], note=note
        )
        if not self.console.is_terminal and time.monotonic() - self.spoken > PLAIN_LINE_SECONDS:
            waiting = f"Waiting: {status['detail']} " if status["state"] == "waiting" else ""
            self.say(f"{waiting}Indexing: {summary(status)}.")
            self.spoken = time.monotonic()

    def ask(self, question: str) -> None:
        """Ask `question` and print the answer with the places it cites, or why there is none."""
        self.say(f"\n? {question}\n")
        try:
            with self.console.status("Answering"):
                response = self.client.post("/ask", json={"question": question}, timeout=ANSWER_SECONDS)
        except httpx2.TransportError as error:
            self.say(f"No answer: rag-server broke off ({error!r}).")
            return
        body = response.json()
        if response.is_success:
            self.show_answer(body)
        else:
            self.say(f"No answer: {body['error']['message']}")

    def show_answer(self, body: dict[str, Any]) -> None:
        """Print an answer, its citations, and what was missing when it was given."""
        self.say(f"{body['answer']}\n")
        for each in body["citations"]:
            doubt = "" if each["verified"] else f"  (not verified: {each['reason']})"
            self.say(f"  {each['marker']} {each['path']}:{each['start_line']}-{each['end_line']}{doubt}")
        for sentence in body["degraded"]:
            self.say(f"  Note: {sentence}.")
        if body["model"] == "extractive":
            self.say(
                "  Note: answers are quoted from the code; for written ones set OPENAI_API_KEY, "
                "or OPENAI_BASE_URL for a model of your own, in .env."
            )

    def introduce(self, log_dir: Path) -> None:
        """Print where everything is."""
        services = self.stack.services.values()
        self.say("\n" + "\n".join(f"{service.name:17} {service.url}" for service in services))
        variable = "" if self.stack.ports.rag == 8000 else f"RAG_SERVER_URL={self.stack.rag_url} "
        self.say(f'ask               {variable}.venv/bin/coderag ask "..."  or open {self.stack.rag_url}')
        self.say(f"logs              {log_dir}")
        if self.stack.reload:
            self.say("hot reload        save a file in services/*/src or packages/servicekit/src")
        self.say("Press Ctrl-C to stop.")

    def stay(self) -> None:
        """Watch over the services until a signal ends it."""
        while True:
            self.stack.supervise()
            time.sleep(0.2)


def summary(status: dict[str, Any]) -> str:
    """Files, chunks, rate and what was skipped, in one line."""
    files, seconds, chunks = status["files"], status["seconds"], status["chunks"]
    rate = f" ({chunks / seconds:.0f} chunks/s)" if chunks and seconds else ""
    skipped = sum(status["skipped"].values())
    return (
        f"{files['total'] - files['pending']} of {files['total']} files ({files['unchanged']} unchanged), "
        f"{chunks} new chunks in {seconds:.1f} s{rate}; {skipped} skipped, {files['failed']} failed"
    )
