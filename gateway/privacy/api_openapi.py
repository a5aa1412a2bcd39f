"""``/v1/privacy/…`` in the OpenAPI document. Its shapes come from the types that decode."""

from typing import Any

import msgspec

from gateway.http.errors import ErrorKind
from gateway.http.openapi_parts import REF, ApiPart, error_responses, object_schema, ref, response
from gateway.privacy.inputs import ConsentRequestInput, DataInput

_KEY = (ErrorKind.NO_KEY, ErrorKind.NO_PRIVACY_SCOPE, ErrorKind.ORIGIN, ErrorKind.NO_BRAND)
_BODY = (
    ErrorKind.BODY,
    ErrorKind.INVALID,
    ErrorKind.BODY_TIMEOUT,
    ErrorKind.BODY_SIZE,
    ErrorKind.MEDIA_TYPE,
    ErrorKind.ENCODING,
    ErrorKind.KEY_RATE,
    ErrorKind.SATURATED,
    ErrorKind.OTHER_REQUEST,
    ErrorKind.NOT_IN_KAFKA,
)
_DESCRIPTION = (
    "Needs a key with the scope privacy. 202 means that Kafka has the request. Identifiers of types that the brand "
    "does not know are kept with the request and listed in unknown; where no other is left, or nothing is known of "
    "anybody, the status is nobody. With a request_id (a UUID) the same request may be sent again and is made once; "
    "the answer has the id under which it is asked about."
)
_STATUS = {"type": "string", "enum": ["working", "done", "nobody", "failed"]}
_TYPES = {"type": "array", "items": object_schema({"type": {"type": "string"}})}
_ID: dict[str, Any] = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
_STATE = object_schema(
    {
        "request_id": {"type": "string", "format": "uuid"},
        "action": {"type": "string", "enum": ["show", "export", "erase", "consent"]},
        "status": _STATUS,
        "at": {"type": "string", "format": "date-time", "description": "Since when the status is so."},
        "unknown": _TYPES,
    }
)
_STATE["properties"]["receipt"] = {
    "type": "object",
    "description": "Once it is answered: of an erasure what was removed where, with a hash; why it failed.",
}
_STATE["properties"]["data"] = {"type": "string", "description": "Where the file of an export that is done is."}
_SCHEMAS: dict[str, Any] = {
    "PrivacyAccepted": object_schema(
        {"request_id": {"type": "string", "format": "uuid"}, "status": _STATUS, "unknown": _TYPES}
    ),
    "PrivacyState": _STATE,
    **msgspec.json.schema_components((DataInput, ConsentRequestInput), ref_template=REF)[1],
}


def _post(operation: str, summary: str, body: str, *more: ErrorKind) -> ApiPart:
    return ApiPart(
        {
            "post": {
                "operationId": operation,
                "summary": summary,
                "description": _DESCRIPTION,
                "security": [{"key": []}],
                "requestBody": {"required": True, "content": {"application/json": {"schema": ref(body)}}},
                "responses": {
                    "202": response("Kafka has it.", "application/json", ref("PrivacyAccepted")),
                    **error_responses(*_KEY, *_BODY, *more),
                },
            }
        },
        _SCHEMAS,
    )


def _get(operation: str, summary: str, found: dict[str, Any], *more: ErrorKind) -> ApiPart:
    return ApiPart(
        {
            "get": {
                "operationId": operation,
                "summary": summary,
                "security": [{"key": []}],
                "parameters": [_ID],
                "responses": {"200": found, **error_responses(*_KEY, ErrorKind.NO_REQUEST, *more)},
            }
        },
        _SCHEMAS,
    )


EXPORT_API = _post("privacy_export", "Asks for all data of a person.", "DataInput", ErrorKind.NO_REJECT_KEY)
ERASE_API = _post("privacy_erase", "Asks to erase a person.", "DataInput")
CONSENT_API = _post("privacy_consent", "States what a person allows.", "ConsentRequestInput")
REQUEST_API = _get(
    "privacy_request", "How far a request has come.", response("Its state.", "application/json", ref("PrivacyState"))
)
DATA_API = _get(
    "privacy_data",
    "The file of an export that is done, for seven days.",
    response("schemas/privacy/export.schema.json describes it.", "application/json", {"type": "object"}),
    ErrorKind.NOT_DONE,
    ErrorKind.DATA_GONE,
    ErrorKind.NO_REJECT_KEY,
    ErrorKind.NOT_IN_KAFKA,
)
