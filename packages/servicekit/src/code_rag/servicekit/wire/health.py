"""What `/health` answers."""

from typing import Literal

from pydantic import BaseModel

CheckStatus = Literal["ok", "degraded", "failing"]


class HealthCheck(BaseModel):
    """One part's verdict: `failing`, the service cannot serve; `degraded`, it serves with less."""

    status: CheckStatus
    detail: str = ""


class HealthReport(BaseModel):
    """The service's own state, which is the worst of its checks while it serves."""

    status: Literal["starting", "ok", "degraded", "failing", "draining"]
    service: str
    version: str
    checks: dict[str, HealthCheck]
