"""What `/health` answers."""

from typing import Literal

from pydantic import BaseModel

CheckStatus = Literal["ok", "degraded", "failing"]


class HealthCheck(BaseModel):
    """One check's result; `failing`: the service cannot serve; `degraded`: it serves with limits."""

    status: CheckStatus
    detail: str = ""


class HealthReport(BaseModel):
    """The service's state; while it serves, `status` is the worst of its checks."""

    status: Literal["starting", "ok", "degraded", "failing", "draining"]
    service: str
    version: str
    checks: dict[str, HealthCheck]
