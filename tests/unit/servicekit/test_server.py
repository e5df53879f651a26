"""A stop breaks no request: what is in flight ends, `/health` says draining, then the process is gone."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from code_rag.localstack.ports import unused_ports
from tests.fixtures.waiting import wait_for

SOURCE = """
import asyncio, sys
from contextlib import asynccontextmanager
from fastapi import APIRouter
from starlette.responses import StreamingResponse
from code_rag.servicekit.main import run
from code_rag.servicekit.app import build_app
from code_rag.servicekit.health import Health
from code_rag.servicekit.metrics import Metrics
from code_rag.servicekit.settings import ServiceSettings

router, health, began, go_on = APIRouter(), Health("shop", "1"), asyncio.Event(), asyncio.Event()

@router.get("/stream")
async def stream():
    async def words():
        yield "first "
        await go_on.wait()
        yield "last"
    return StreamingResponse(words())

@router.get("/slow")
async def slow() -> None:
    began.set()
    await go_on.wait()

@router.get("/began")
async def wait_for_slow() -> None:
    await began.wait()

@router.get("/go-on")
async def end_stream() -> None:
    go_on.set()

@asynccontextmanager
async def lifespan(app):
    health.ready()
    yield

settings = ServiceSettings(port=int(sys.argv[1]), shutdown_grace_seconds=float(sys.argv[2]))
app = build_app(settings, health, title="Shop", routers=[router], lifespan=lifespan, metrics=Metrics())
run(app)
"""


class Shop:
    """A service run as ours are, and a client that keeps its connections."""

    def __init__(self, grace_seconds: float) -> None:
        (port,) = unused_ports(1)
        self.process = subprocess.Popen([sys.executable, "-c", SOURCE, str(port), str(grace_seconds)])
        self.client = httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=20, trust_env=False)
        wait_for(self.answers, "the service to answer")

    def answers(self) -> bool:
        try:
            return self.client.get("/health").is_success
        except httpx2.TransportError:
            return False

    def stop(self) -> None:
        """Ask it to stop, and wait until it says so."""
        self.process.send_signal(signal.SIGTERM)
        wait_for(lambda: self.client.get("/health").status_code == 503, "the service to drain")


@pytest.fixture
def shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    running = Shop(getattr(request, "param", 20.0))
    yield running
    running.client.close()
    if running.process.poll() is None:
        os.kill(running.process.pid, signal.SIGKILL)
    running.process.wait()


def test_a_stream_in_flight_ends_whole(shop: Shop) -> None:
    """After SIGTERM `/health` answers 503 until the stream has ended; then the exit code is 0."""
    with shop.client.stream("GET", "/stream") as stream:
        pieces = stream.iter_text()
        assert next(pieces) == "first "
        shop.stop()
        assert shop.client.get("/health").json()["status"] == "draining"
        assert shop.client.get("/go-on").is_success
        assert "".join(pieces) == "last"
    assert shop.process.wait(10) == 0


def test_a_kept_connection_ends_with_an_answer_that_says_so(shop: Shop) -> None:
    """While it drains each answer tells the caller to connect anew: no request meets a closed line."""
    with shop.client.stream("GET", "/stream"):
        assert "connection" not in shop.client.get("/livez").headers
        shop.stop()
        assert shop.client.get("/livez").headers["connection"] == "close"


@pytest.mark.parametrize("shop", [1.0], indirect=True)
def test_a_stream_without_end_does_not_hold_up_the_stop(shop: Shop) -> None:
    """What has not ended after the grace period is cut off, and the process ends."""
    with shop.client.stream("GET", "/stream") as stream:
        next(stream.iter_text())
        shop.process.send_signal(signal.SIGTERM)
        assert shop.process.wait(10) == 0


@pytest.mark.parametrize("shop", [1.0], indirect=True)
def test_a_request_that_takes_too_long_is_told_so(shop: Shop) -> None:
    """What has not been answered when the grace period ends gets a 503 in the envelope, not a broken line."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(shop.client.get, "/slow")
        assert shop.client.get("/began").is_success
        shop.process.send_signal(signal.SIGTERM)
        response = coming.result()
    assert response.status_code == 503
    assert response.json()["error"]["code"] == "draining"
    assert response.headers["retry-after"] == "1"
    assert shop.process.wait(10) == 0
