"""``/v1/events/{id}/live`` in the OpenAPI document."""

from typing import Any

from gateway.http.errors import ErrorKind
from gateway.http.openapi_parts import ApiPart, error_responses, response

_ID: dict[str, Any] = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}


def _query(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": True, "description": description, "schema": {"type": "string"}}


API = ApiPart(
    {
        "get": {
            "operationId": "live_events",
            "summary": "What becomes of a scan, as server-sent events.",
            "description": "For the page that answered the scan: its address is in the page, good for ten minutes and "
            "for the device whose cookie is sent. Events: decision (moment, route), reward (points, rule, kind; one "
            "for each entry of the ledger) and end. The stream ends some seconds after a reward, or after a minute.",
            "parameters": [
                _ID,
                _query("at", "When the page was sent, seconds since 1970."),
                _query("moment", "Of the decision."),
                _query("route", "Of the decision."),
                _query("key", "What the gateway signed."),
            ],
            "responses": {
                "200": response("The events.", "text/event-stream", {"type": "string"}),
                **error_responses(ErrorKind.NO_LIVE, ErrorKind.ADDRESS_RATE, ErrorKind.SATURATED),
            },
        }
    }
)
