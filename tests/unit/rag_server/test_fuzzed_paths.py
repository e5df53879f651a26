"""Paths that somebody makes up to get out of the codebase; `make test-schema` tries a hundred thousand."""

import json
import random
from collections import Counter
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
from fastapi import FastAPI

from tests.unit.rag_server.live_app import an_app

EXAMPLES = 2_000
INSIDE = {"a.py": "inside = 1\n", "in/b.py": "inside = 2\n", "in/deep/ä b.py": "inside = 3\n"}
SECRET = "OUTSIDE = 'the code of somebody else'\n"


def a_place(folder: Path) -> Path:
    """A codebase with files beside it, above it, behind links of all kinds, and one that is left out."""
    root = folder / "code"
    for path, text in INSIDE.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    (folder / "code-beside").mkdir()
    for outside in (folder / "out.py", folder / "code-beside/out.py", root / ".env"):
        outside.write_text(SECRET)
    (root / "file-link.py").symlink_to("../out.py")
    (root / "folder-link").symlink_to("..")
    (root / "in/absolute-link.py").symlink_to(folder / "out.py")
    (root / "in/beside").symlink_to(folder / "code-beside")
    (root / "loop").symlink_to("loop")
    return root


def parts(root: Path) -> list[str]:
    """What paths are made of: names inside and outside, ways up, and all kinds of slashes and dots."""
    inside = [name for path in INSIDE for name in path.split("/")]
    links = ["folder-link", "in/beside", "loop"]
    outside = [str(root), str(root.parent), root.name, "code-beside", "proc/self/cwd", "file:", "~", "C:"]
    up = [
        "../",
        "./",
        "..",
        ".../",
        "..;/",
        "\u2025/",
        "\uff0e\uff0e/",
        "..\\",
        "%2e%2e/",
        "..%00/",
        "%c0%ae/",
    ]
    slashes = ["//", "\\", "%2f", "%5c", "\u2215", "\uff0f", "%c0%af", ";/", "\n", "\t", " "]
    odd = ["\0", "%00", "x" * 300, "\u0308", "\ufeff", "\u202e", "\ud800", "?", "#", "*", ""]
    return [*inside, *links * 3, *outside, *up * 3, *slashes, *["/"] * 40, *odd]


def made_up(root: Path, count: int, seed: int) -> Iterator[bytes]:
    """So many paths as they stand in a request, some of them encoded once more, the same ones for a seed."""
    dice, pieces = random.Random(seed), parts(root)  # noqa: S311 – no secret
    targets = [
        *INSIDE,
        "out.py",
        "../out.py",
        ".env",
        "file-link.py",
        "etc/passwd",
        str(root.parent / "out.py"),
    ]
    for _ in range(count):
        path = "".join(dice.choices(pieces, k=dice.randint(0, 10))) + dice.choice(targets)
        for _ in range(dice.choice((0, 0, 1, 2))):
            path = quote(path, safe=dice.choice(("/", "", "/.%")), errors="surrogatepass")
        yield quote(path, safe="/%;:*~", errors="surrogatepass").encode()


def scope_of(raw: bytes) -> dict[str, object]:
    """A GET of this path as uvicorn hands it on: decoded once."""
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": unquote(raw.decode()),
        "raw_path": raw,
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
    }


async def get(app: FastAPI, raw: bytes) -> tuple[int, bytes]:
    """What the app answers to GET of a file at a path."""
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await app(scope_of(b"/files/" + raw), receive, send)
    return int(sent[0]["status"]), b"".join(message.get("body", b"") for message in sent)


async def test_no_made_up_path_leaves_the_root(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    """Whatever is asked for, only files of the codebase come back; all else is refused or not found."""
    root, statuses = a_place(tmp_path), Counter[int]()
    app = an_app(root)
    count = EXAMPLES * int(pytestconfig.getoption("--times"))
    for raw in made_up(root, count, seed=count):
        status, body = await get(app, raw)
        statuses[status] += 1
        assert b"OUTSIDE" not in body, raw
        if status == 200:
            answer = json.loads(body)
            assert INSIDE[answer["path"]] == answer["text"], raw

    print(f"{count:,} paths at /files: {dict(statuses)}")
    assert statuses.keys() <= {200, 400, 404}
    assert statuses[200] > count // 100
