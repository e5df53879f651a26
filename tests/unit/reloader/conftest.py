"""A tiny service under the reloader, for the tests to edit."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from code_rag.localstack.ports import unused_ports

SOURCE = """
import asyncio, os
from fastapi import FastAPI
from starlette.responses import StreamingResponse
from shop.prices import PRICE

def create_app():
    app = FastAPI()

    @app.get("/price")
    def price():
        return {"price": PRICE, "pid": os.getpid(), "parent": os.getppid()}

    @app.get("/events")
    async def events():
        async def forever():
            while True:
                yield b": ping\\n\\n"
                await asyncio.sleep(0.05)
        return StreamingResponse(forever(), media_type="text/event-stream")

    return app
"""
LOCK = 'open("/tmp/" + str(os.getppid()) + ".lock", "w")'
DEADLINE_SECONDS = 20.0


@dataclass
class Shop:
    """A tiny service under the reloader, and its source."""

    folder: Path
    client: httpx2.Client
    process: "subprocess.Popen[bytes]"

    def save(self, text: str, name: str = "prices.py") -> None:
        """Save as editors do: write beside it, then rename over it."""
        beside = self.folder / "shop" / (name + "~")
        beside.write_text(text)
        beside.rename(self.folder / "shop" / name)

    def until(self, holds: Callable[[httpx2.Response], bool]) -> httpx2.Response:
        """The first answer for which `holds`; every answer on the way must be one."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline:
            response = self.client.get("/price")
            if holds(response):
                return response
        raise AssertionError(f"still {response.status_code} {response.text}")

    def until_price(self, price: int) -> dict[str, int]:
        found = self.until(lambda r: r.status_code == 200 and r.json()["price"] == price)
        answer: dict[str, int] = found.json()
        return answer


def without_byte_code_settings() -> dict[str, str]:
    """This environment as an ordinary user's: Python writes byte code."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that is not watched, with a package that notes which processes import it."""
    folder: Path = tmp_path_factory.mktemp("site")
    note = f"open({str(folder / 'importers')!r}, 'a').write(f'{{os.getpid()}} ')"
    (folder / "heavy.py").write_text(f"import os; {note}\n")
    return folder


@pytest.fixture
def shop(tmp_path: Path, site: Path) -> Iterator[Shop]:
    package = tmp_path / "shop"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "app.py").write_text(SOURCE)
    (package / "prices.py").write_text("PRICE = 1\n")
    port = unused_ports(1)[0]
    command = [sys.executable, "-m", "code_rag.reloader", "shop.app:create_app"]
    process = subprocess.Popen(
        [*command, "--port", str(port), "--watch", str(tmp_path)],
        env={**without_byte_code_settings(), "PYTHONPATH": f"{tmp_path}{os.pathsep}{site}"},
        stderr=subprocess.DEVNULL,
    )
    # The template listens before the first worker is there, so requests wait instead of being refused.
    transport = httpx2.HTTPTransport(retries=50)
    with httpx2.Client(
        base_url=f"http://127.0.0.1:{port}", timeout=DEADLINE_SECONDS, transport=transport
    ) as client:
        made = Shop(tmp_path, client, process)
        made.until_price(1)
        yield made
        process.terminate()
        process.wait(DEADLINE_SECONDS)
