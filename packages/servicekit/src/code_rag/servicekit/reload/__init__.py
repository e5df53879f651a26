"""Serves an app and serves each saved version of its source within a fraction of a second.

A template process binds the socket, imports third-party packages once and forks a worker for every change.
A new worker imports the source; then the old one drains and the new one takes its place at the same socket,
so that no request is refused. Source that does not import is answered by 503 with file and line until it is
mended.

    python -m code_rag.servicekit.reload package.app:create_app_from_environment --port 8000 --watch /app/src

RELOADER=uvicorn falls back to `uvicorn --reload`, which starts Python and imports everything for each change.
"""
