"""The tracker's paths in the OpenAPI document."""

from typing import Any

from gateway.events_api.events_openapi import API as EVENTS
from gateway.http.errors import ErrorKind
from gateway.http.openapi_parts import ApiPart, error_responses, ref, response

_TEXT: dict[str, Any] = {"type": "string"}
SCRIPT_API = ApiPart(
    {
        "get": {
            "operationId": "tracker",
            "summary": "The tracker, for the brand's own pages.",
            "responses": {
                "200": response("The script.", "text/javascript", _TEXT),
                "304": {"description": "The browser has it."},
            },
        }
    }
)
EVENTS_API = ApiPart(
    {
        "post": {
            "operationId": "tracker_events",
            "summary": "Takes a batch of events of a page, as POST /v1/events does.",
            "description": "The public key stands in the address and the body is plain text, as a beacon sends it.",
            "parameters": [{"name": "key", "in": "query", "required": True, "schema": _TEXT}],
            "requestBody": {"required": True, "content": {"text/plain": {"schema": _TEXT}}},
            "responses": EVENTS.operations["post"]["responses"],
        }
    }
)
DEVICE_API = ApiPart(
    {
        "post": {
            "operationId": "tracker_device",
            "summary": "Carries a device to another site of the brand: a link for it, or the device of a link.",
            "description": "For pages of the origins of the brand's destinations. The body is plain text, a JSON "
            "object with either device or link. A link is good for two minutes.",
            "requestBody": {"required": True, "content": {"text/plain": {"schema": _TEXT}}},
            "responses": {
                "200": response("The other one.", "application/json", ref("Way")),
                **error_responses(
                    ErrorKind.ORIGIN,
                    ErrorKind.ADDRESS_RATE,
                    ErrorKind.BODY,
                    ErrorKind.BODY_SIZE,
                    ErrorKind.BODY_TIMEOUT,
                    ErrorKind.MEDIA_TYPE,
                    ErrorKind.ENCODING,
                    ErrorKind.FORGED_LINK,
                    ErrorKind.SATURATED,
                    ErrorKind.NO_BRAND,
                ),
            },
        }
    },
    {"Way": {"type": "object", "properties": {"device": _TEXT, "link": _TEXT}}},
)
