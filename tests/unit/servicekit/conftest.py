"""A small service built with servicekit, and a client that talks to it."""

from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from pydantic import BaseModel, Field
from starlette.testclient import TestClient

from code_rag.servicekit.app import build_app
from code_rag.servicekit.errors import Overloaded, UpstreamFailed
from code_rag.servicekit.health import Health
from code_rag.servicekit.metrics import Metrics
from code_rag.servicekit.settings import ServiceSettings


class Order(BaseModel):
    amount: int = Field(ge=1)


def _router() -> APIRouter:
    router = APIRouter()

    @router.post("/orders")
    def place(order: Order) -> Order:
        return order

    @router.get("/orders/{number}")
    def order(number: int) -> dict[str, int]:
        return {"number": number}

    @router.get("/busy")
    def busy() -> None:
        raise Overloaded("Try again.", retry_after=1.2)

    @router.get("/upstream")
    def upstream() -> None:
        raise UpstreamFailed("The model said no.", param="model", code="upstream_auth")

    @router.get("/bug")
    def bug() -> None:
        raise KeyError("a secret detail")

    return router


@asynccontextmanager
async def _nothing(app: FastAPI) -> AsyncGenerator[None]:
    yield


@pytest.fixture
def health() -> Health:
    return Health("shop", "1.2.3")


Client = Callable[..., TestClient]


@pytest.fixture
def client(health: Health) -> Iterator[Client]:
    """Builds a client of the app; keyword arguments become settings."""
    opened: list[TestClient] = []

    def build(**settings: Any) -> TestClient:
        app = build_app(
            ServiceSettings(port=8000, **settings),
            health,
            title="Shop",
            routers=[_router()],
            lifespan=_nothing,
            metrics=Metrics(),
        )
        opened.append(TestClient(app, base_url="http://localhost", raise_server_exceptions=False))
        return opened[-1]

    yield build
    for one in opened:
        one.close()
