"""An engine without a model, with the real one's lock, state and end: `… MODE FOLDER OWNER IDENTITY`.

`ready` answers at once; `loads:FILE` says 40 % until FILE exists; `fails` says why and ends.
A message "wait" is answered until the caller leaves, "die" kills the process; any other request comes
back whole.
"""

import json
import os
import signal
import sys
import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from typing import Any

from code_rag.llm_server.engine.owner import Owner
from code_rag.llm_server.engine.place import EnginePlace
from code_rag.llm_server.engine.state import EngineState
from tests.fixtures.scripted_upstream import chunk, data

COUNTS = {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4}


class Server(ThreadingMixIn, UnixStreamServer):
    """Each connection in a thread of its own."""

    daemon_threads = True


class Handler(BaseHTTPRequestHandler):
    """OpenAI's chat completions, streamed."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        asked = body["messages"][-1]["content"]
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        self.say(chunk({"role": "assistant", "content": None}, prompt_progress={"total": 3, "processed": 1}))
        if asked == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        while asked == "wait":
            self.say(chunk({"content": "."}))
            time.sleep(0.01)
        self.say(chunk({"content": json.dumps(body)}))
        self.say(chunk({}, "stop"))
        self.say({"choices": [], "usage": COUNTS, "timings": {"prompt_n": 3}})
        self.wfile.write(data("[DONE]"))
        self.close_connection = True

    def say(self, event: dict[str, Any]) -> None:
        try:
            self.wfile.write(data(event))
        except OSError:
            sys.exit()  # this thread

    def log_message(self, *_: object) -> None: ...


def main() -> None:
    """Serve until the owner ends."""
    mode, folder, owner, identity = sys.argv[1:]
    place = EnginePlace(Path(folder))
    if not (held := place.hold()):
        raise SystemExit(75)
    threading.Thread(target=end_with, args=(Owner(int(owner)),), daemon=True).start()
    state = EngineState(os.getpid(), identity, detail="checking the model's file, 40 %")
    state.write(place.state)
    while mode.startswith("loads:") and not Path(mode.partition(":")[2]).exists():
        time.sleep(0.01)
    if mode == "fails":
        replace(state, phase="failed", detail="No source has it.").write(place.state)
        raise SystemExit(1)
    place.socket.unlink(missing_ok=True)
    with held, Server(str(place.socket), Handler) as server:
        ready = replace(state, phase="ready", detail="a fake", model="tiny", context_tokens=512)
        replace(ready, reading_tokens_per_second=40.5, writing_tokens_per_second=12.5).write(place.state)
        server.serve_forever()


def end_with(owner: Owner) -> None:
    while owner.is_alive():
        time.sleep(0.01)
    os._exit(0)


if __name__ == "__main__":
    main()
