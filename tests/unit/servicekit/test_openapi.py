"""The OpenAPI document says what every route has in common, and which events a stream has."""

from typing import ClassVar

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import Response

from code_rag.servicekit.openapi import DocumentedApp, events
from tests.unit.servicekit.conftest import Client


class Parcel(BaseModel):
    weight: float


class Sent(BaseModel):
    NAME: ClassVar[str] = "sent"

    parcels: list[Parcel]


def test_a_path_lists_the_errors_that_every_route_may_answer(client: Client) -> None:
    """A body may be refused as wrong or too large; FastAPI's 422 is never answered, so it is not listed."""
    document = client().get("/openapi.json").json()
    everywhere = {"200", "403", "421", "500", "503"}
    assert set(document["paths"]["/orders"]["post"]["responses"]) == {"400", "413"} | everywhere
    assert set(document["paths"]["/busy"]["get"]["responses"]) == everywhere
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_a_key_adds_its_refusals(client: Client) -> None:
    """Where a key is needed it may be refused, and its limit reached by what costs work."""
    document = client(api_key="key-1").get("/openapi.json").json()
    assert {"401", "429"} <= set(document["paths"]["/orders"]["post"]["responses"])
    assert "429" not in document["paths"]["/busy"]["get"]["responses"]
    assert "401" not in document["paths"]["/health"]["get"]["responses"]


def test_the_schemas_of_events_are_shared_with_the_document() -> None:
    """An event names its model, and what that is made of stands where every other schema does."""
    router = APIRouter()

    @router.get("/parcels", responses=events(Sent, done=True), response_class=Response)
    def parcels() -> Response:
        """Parcels as they are sent."""
        return Response()

    app = DocumentedApp(None)
    app.include_router(router)
    document = app.openapi()
    operation = document["paths"]["/parcels"]["get"]
    named, done = operation["responses"]["200"]["content"]["text/event-stream"]["itemSchema"]["oneOf"]
    assert named["properties"]["event"] == {"const": "sent"}
    assert named["properties"]["data"]["contentSchema"] == {"$ref": "#/components/schemas/Sent"}
    assert done["properties"]["data"] == {"const": "[DONE]"}
    assert {"Sent", "Parcel"} <= set(document["components"]["schemas"])
    assert operation["summary"] == "Parcels as they are sent"
