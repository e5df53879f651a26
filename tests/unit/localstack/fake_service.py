"""Stands in for any of the three services: answers as rag-server does, or misbehaves as its mode says."""

import http.server
import json
import os
import signal
import sys
from pathlib import Path

MODE = Path(__file__).with_name("mode").read_text()
FILES = {"total": 2, "unchanged": 0, "indexed": 2, "pending": 0, "removed": 0, "failed": 0}
INDEX = {
    "state": "idle",
    "detail": "",
    "finished_at": "2026-01-05T10:00:03Z",
    "seconds": 0.5,
    "files": FILES,
    "chunks": 5,
    "skipped": {},
}
CITATION = {
    "marker": "[1]",
    "path": "a.py",
    "start_line": 1,
    "end_line": 2,
    "state": "supported",
    "verified": True,
    "reason": "",
}
ANSWER = {
    "answer": "It adds [1].",
    "state": "answered",
    "citations": [CITATION],
    "hits": [],
    "timings": {},
    "degraded": ["semantic search is off: no vectors"],
    "model": "none",
}
REFUSAL = {"error": {"message": "The model is asleep.", "type": "upstream_error", "param": None, "code": "x"}}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/index":
            self.answer(200, INDEX)
        elif self.path == "/suggestions":
            self.answer(200, {"questions": [] if MODE == "no suggestion" else ["What is suggested?"]})
        else:
            status = {"never ready": "starting", "failing": "failing"}.get(MODE, "ok")
            detail = "There is no model: set MODEL_DIR."
            self.answer(
                200 if status == "ok" else 503, {"status": status, "checks": {"x": {"detail": detail}}}
            )

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        if MODE == "no answer":
            self.answer(502, REFUSAL)
        else:
            answer = ANSWER | {"answer": f"{ANSWER['answer']} Key: {self.headers['authorization']}"}
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.end_headers()
            self.wfile.write(f"event: answer\ndata: {json.dumps(answer)}\n\n".encode())

    def answer(self, status: int, body: object) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())


if MODE == "exits":
    sys.exit("PORT: not today")
if MODE == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
else:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
