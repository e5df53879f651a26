"""Serves an app and replaces it with each saved version of its source within a fraction of a second.

A supervisor process binds the socket, imports third-party packages once and forks a worker for every change.
A new worker imports the source; then the old one finishes its requests and the new one serves at the same
socket, so that no request is refused. Source that does not import is answered with 503, file and line until
it is fixed.

    python -m code_rag.reloader package.app:create_app --port 8000 --watch /app/package

RELOADER=uvicorn uses `uvicorn --reload` instead, which starts Python and imports everything for each change.
"""
