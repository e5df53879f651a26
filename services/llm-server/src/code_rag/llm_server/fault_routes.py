"""`/faults`: provokes what model servers do wrong. The route is there only where `LLM_FAULTS` is set."""

from typing import Self

from fastapi import APIRouter
from pydantic import BaseModel, Field

from code_rag.llm_server.backends.faults import MOST_PENDING, Fault, Faults, Kind


class FaultRequest(BaseModel):
    """A fault for the next calls; `seconds` is how long a slow server is silent, first and once again."""

    fault: Kind
    times: int = Field(1, ge=1, le=MOST_PENDING)
    seconds: float = Field(10.0, ge=0, le=3_600)


class PendingFault(BaseModel):
    """A fault that waits for a call."""

    fault: Kind
    seconds: float


class PendingFaults(BaseModel):
    """The faults to come, the next first."""

    pending: list[PendingFault]

    @classmethod
    def of(cls, faults: Faults) -> Self:
        """Convert from the domain object."""
        return cls(pending=[PendingFault(fault=each.kind, seconds=each.seconds) for each in faults.pending])


def faults_router(faults: Faults) -> APIRouter:
    """The endpoint over `faults`."""
    router = APIRouter(tags=["faults"])

    @router.post("/faults")
    async def provoke(body: FaultRequest) -> PendingFaults:
        """Have the next calls fail."""
        faults.provoke(Fault(body.fault, body.seconds), body.times)
        return PendingFaults.of(faults)

    @router.get("/faults")
    async def show() -> PendingFaults:
        """What the next calls fail with."""
        return PendingFaults.of(faults)

    @router.delete("/faults")
    async def end() -> PendingFaults:
        """Have the next calls succeed."""
        faults.end()
        return PendingFaults.of(faults)

    return router
