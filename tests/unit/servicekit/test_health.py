"""`/health` tells the truth: the service's own state first, then what it stands on."""

import asyncio

import pytest

from code_rag.servicekit.errors import Unavailable
from code_rag.servicekit.health import CHECK_TIMEOUT_SECONDS, Check, CheckResult, Health
from code_rag.servicekit.wire.health import CheckStatus
from tests.unit.servicekit.conftest import Client


def verdict(status: CheckStatus, detail: str = "") -> Check:
    async def check() -> CheckResult:
        return CheckResult(status, detail)

    return check


def test_a_service_that_still_starts_is_a_503_and_alive(client: Client, health: Health) -> None:
    """Not ready is not dead."""
    shop = client()
    assert (shop.get("/health").status_code, shop.get("/health").json()["status"]) == (503, "starting")
    assert shop.get("/livez").status_code == 200


@pytest.mark.parametrize(
    ("verdicts", "status", "code"),
    [(["ok"], "ok", 200), (["ok", "degraded"], "degraded", 200), (["failing", "degraded"], "failing", 503)],
)
def test_the_worst_check_decides(
    client: Client, health: Health, verdicts: list[CheckStatus], status: str, code: int
) -> None:
    """One degraded part degrades the whole, a failing one fails it."""
    health.ready()
    health.checks = {str(n): verdict(v, "why") for n, v in enumerate(verdicts)}
    response = client().get("/health")
    assert (response.status_code, response.json()["status"]) == (code, status)
    assert response.json()["checks"]["0"] == {"status": verdicts[0], "detail": "why"}


async def silent() -> CheckResult:
    await asyncio.sleep(60)
    return CheckResult("ok")


def test_a_check_that_hangs_degrades_and_never_hangs_the_probe(client: Client, health: Health) -> None:
    """A silent neighbour costs a bounded wait."""
    health.ready()
    health.checks = {"slow": silent}
    body = client().get("/health").json()
    assert body["checks"]["slow"] == {
        "status": "degraded",
        "detail": f"no answer within {CHECK_TIMEOUT_SECONDS:g} s",
    }


def test_failing_names_the_reason(client: Client, health: Health) -> None:
    """A service that cannot serve says why."""
    health.fail("the model is damaged")
    response = client().get("/health")
    assert (response.status_code, response.json()["status"]) == (503, "failing")
    assert response.json()["checks"]["shop"]["detail"] == "the model is damaged"


def test_draining_is_final(client: Client, health: Health) -> None:
    """A late 'ready' does not bring traffic back to a service that stops."""
    health.drain()
    health.ready()
    assert client().get("/health").json()["status"] == "draining"


def test_a_route_can_insist_on_readiness(health: Health) -> None:
    """`require_ready` raises what becomes a 503 with Retry-After."""
    with pytest.raises(Unavailable, match="shop is starting"):
        health.require_ready()
    health.ready()
    health.require_ready()
