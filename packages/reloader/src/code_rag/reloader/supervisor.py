"""The parent process: it holds the socket, imports third-party packages, and forks a worker per change.

It has no threads and imports no watched module: a fork copies one thread only, and a module that the parent
has imported cannot be reloaded. A separate process therefore watches the files.
"""

import contextlib
import importlib
import json
import os
import select
import signal
import socket
import sys
from dataclasses import dataclass, field
from types import FrameType

from code_rag.reloader.options import Options
from code_rag.reloader.report import READY
from code_rag.reloader.worker import work


@dataclass
class Worker:
    """A forked process that serves one version of the source, and the pipe on which it reports."""

    pid: int
    pipe: int
    unread: bytes = b""

    @property
    def open(self) -> bool:
        return self.pipe >= 0

    def close(self) -> None:
        if self.open:
            os.close(self.pipe)
            self.pipe = -1


@dataclass
class Supervisor:
    """Forks one worker per change; the newest serves."""

    options: Options
    listener: socket.socket
    changes: int
    watcher: int
    serving: Worker | None = None
    starting: Worker | None = None
    children: set[int] = field(default_factory=set)
    """Every running worker, including old ones that finish their requests."""
    stopping: bool = False

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT; also stops when the watcher ends: it can no longer reload."""
        wakeup, wake = os.pipe()
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
            signal.signal(number, self._on_signal)
        self.fork_worker()
        while not self.stopping:
            pipes = {
                worker.pipe: worker for worker in (self.starting, self.serving) if worker and worker.open
            }
            ready, _, _ = select.select([wakeup, self.changes, *pipes], [], [])
            if wakeup in ready:
                os.read(wakeup, 1024)
            self.reap()
            for pipe in pipes.keys() & set(ready):
                if pipes[pipe].open:  # taking over closes the other worker's pipe
                    self.read_report(pipes[pipe])
            if self.changes in ready and os.read(self.changes, 65536):
                self.fork_worker()
        self.stop()

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        if number != signal.SIGCHLD:
            self.stopping = True

    def fork_worker(self, failure: str = "") -> None:
        """Fork a worker that serves the current source, or `failure`; kill one that is still starting."""
        if self.starting:
            end(self.starting.pid, signal.SIGKILL)
            self.starting.close()
        read_end, write_end = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(read_end)
            self.close_in_worker()
            work(self.options, self.listener, write_end, failure)
        os.close(write_end)
        self.children.add(pid)
        self.starting = Worker(pid, read_end)

    def close_in_worker(self) -> None:
        """In a forked worker, drop the supervisor's signal handlers and pipes."""
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        os.close(self.changes)
        for worker in (self.serving, self.starting):
            if worker:
                worker.close()

    def read_report(self, worker: Worker) -> None:
        """Read a worker's report: that it is ready, or modules to import in the supervisor too."""
        data = os.read(worker.pipe, 65536)
        *lines, worker.unread = (worker.unread + data).split(b"\n")
        for line in lines:
            if line != READY:
                self.preload(json.loads(line))
            elif worker is self.starting:
                self.take_over(worker)
        if not data:
            worker.close()

    def take_over(self, worker: Worker) -> None:
        """Make `worker` the serving one, and stop the previous one."""
        if self.serving:
            end(self.serving.pid)
            self.serving.close()
        self.serving, self.starting = worker, None

    def preload(self, modules: list[str]) -> None:
        """Import the third-party modules that a worker imported; stop when a file changes."""
        for name in modules:
            if select.select([self.changes], [], [], 0)[0]:
                return
            if name not in sys.modules:
                # A module that fails to import here is imported by each worker.
                with contextlib.suppress(ImportError):
                    importlib.import_module(name)

    def reap(self) -> None:
        """Collect every child that ended; replace a worker that was serving."""
        with contextlib.suppress(ChildProcessError):
            while (child := os.waitpid(-1, os.WNOHANG))[0]:
                pid, status = child
                self.children.discard(pid)
                if pid == self.watcher:
                    self.stopping = True
                elif self.serving and pid == self.serving.pid:
                    print(
                        f"reload: the worker exited (status {status}); restarting",
                        file=sys.stderr,
                        flush=True,
                    )
                    self.serving = None
                    self.fork_worker()
                elif self.starting and pid == self.starting.pid:
                    self.fork_worker(f"The process exited while importing the source (status {status}).")

    def stop(self) -> None:
        """End every child and wait for it, not for orphans, which a container's first process inherits."""
        children = {self.watcher, *self.children}
        for pid in children:
            end(pid)
        for pid in children:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)


def end(pid: int, number: signal.Signals = signal.SIGTERM) -> None:
    """Send a signal to a child that may have ended already."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
