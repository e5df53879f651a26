"""What `/health` and `/livez` answer: the service's state and the checks of its dependencies."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from code_rag.servicekit.errors import Unavailable
from code_rag.servicekit.wire.health import CheckStatus, HealthCheck, HealthReport

CHECK_TIMEOUT_SECONDS = 2.0
CACHE_SECONDS = 1.0  # so that frequent probes do not multiply calls to dependencies


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check's result; `failing`: the service cannot serve; `degraded`: it serves with limits."""

    status: CheckStatus
    detail: str = ""


Check = Callable[[], Awaitable[CheckResult]]


@dataclass
class Health:
    """The state of one service: starting → ready → draining, or failing with the reason."""

    service: str
    version: str
    checks: dict[str, Check] = field(default_factory=dict)
    state: Literal["starting", "ready", "failing", "draining"] = "starting"
    detail: str = ""
    _cached: tuple[float, Mapping[str, CheckResult]] = (float("-inf"), {})

    def ready(self) -> None:
        """Mark the service as ready, unless it is draining."""
        if self.state != "draining":
            self.state, self.detail = "ready", ""

    def starting(self, progress: str) -> None:
        """Mark the service as not ready yet, and how far it is."""
        if self.state != "draining":
            self.state, self.detail = "starting", progress

    def fail(self, reason: str) -> None:
        """Mark the service as unable to serve, and why."""
        self.state, self.detail = "failing", reason

    def drain(self) -> None:
        """Mark the service as stopping: no new traffic, requests in flight finish."""
        self.state = "draining"

    def require_ready(self) -> None:
        """Raise Unavailable unless the service can serve."""
        if self.state != "ready":
            raise Unavailable(
                f"{self.service} is {self.state}. {self.detail}".strip(), code=self.state, retry_after=1
            )

    async def report(self) -> tuple[int, HealthReport]:
        """The HTTP status and body of `/health`."""
        results = await self._results() if self.state == "ready" else {}
        checks = {name: HealthCheck(status=r.status, detail=r.detail) for name, r in results.items()}
        status = _worst(results.values()) if self.state == "ready" else self.state
        if self.detail:
            state: CheckStatus = "degraded" if self.state == "starting" else "failing"
            checks[self.service] = HealthCheck(status=state, detail=self.detail)
        report = HealthReport(status=status, service=self.service, version=self.version, checks=checks)
        return (200 if status in ("ok", "degraded") else 503), report

    async def _results(self) -> Mapping[str, CheckResult]:
        taken, results = self._cached
        if time.monotonic() - taken > CACHE_SECONDS:
            current = await asyncio.gather(*(_bounded(check) for check in self.checks.values()))
            results = dict(zip(self.checks, current, strict=True))
            self._cached = (time.monotonic(), results)
        return results


def _worst(results: Iterable[CheckResult]) -> CheckStatus:
    found = {result.status for result in results}
    worst_first: tuple[CheckStatus, ...] = ("failing", "degraded")
    return next((status for status in worst_first if status in found), "ok")


async def _bounded(check: Check) -> CheckResult:
    try:
        return await asyncio.wait_for(check(), CHECK_TIMEOUT_SECONDS)
    except TimeoutError:
        return CheckResult("degraded", f"no answer within {CHECK_TIMEOUT_SECONDS:g} s")


def health_router(health: Health) -> APIRouter:
    """`GET /health` for readiness probes and people, `GET /livez` for liveness probes: no I/O, always 200."""
    router = APIRouter(tags=["health"])

    @router.get(
        "/health",
        response_model=HealthReport,
        responses={503: {"model": HealthReport, "description": "It cannot serve."}},
    )
    async def report() -> JSONResponse:
        """The service's state, and the checks of what it depends on."""
        status, body = await health.report()
        return JSONResponse(body.model_dump(), status_code=status)

    @router.get("/livez")
    async def alive() -> dict[str, str]:
        """Whether the process lives."""
        return {"status": "alive", "service": health.service}

    return router
