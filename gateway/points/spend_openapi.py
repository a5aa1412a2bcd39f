"""``/v1/points/spend`` in the OpenAPI document. The request's shape comes from the type that decodes it."""

from typing import Any, Final

import msgspec

from gateway.http.errors import ErrorKind
from gateway.http.openapi_parts import REF, ApiPart, error_responses, object_schema, ref, response
from gateway.points.spend_handler import SpendInput

_ERRORS: Final = (
    ErrorKind.NO_KEY,
    ErrorKind.NO_TILL_SCOPE,
    ErrorKind.ORIGIN,
    ErrorKind.NO_BRAND,
    ErrorKind.BODY,
    ErrorKind.BODY_TIMEOUT,
    ErrorKind.BODY_SIZE,
    ErrorKind.MEDIA_TYPE,
    ErrorKind.ENCODING,
    ErrorKind.INVALID,
    ErrorKind.SATURATED,
    ErrorKind.NOT_IN_KAFKA,
    ErrorKind.NO_ANSWER_YET,
)
_TEXT: Final = {"type": "string"}
_NUMBER: Final = {"type": "integer"}
_SPENT: Final = object_schema({"redemption_id": _TEXT, "points": _NUMBER, "balance": _NUMBER})
_REFUSED: Final = object_schema({"redemption_id": _TEXT, "reason": _TEXT, "error": _TEXT})
_REFUSED["properties"] |= {"balance": {"type": "integer", "description": "What can be spent."}}
_SCHEMAS: Final[dict[str, Any]] = {
    "PointsSpent": _SPENT,
    "PointsRefused": _REFUSED,
    **msgspec.json.schema_components((SpendInput,), ref_template=REF)[1],
}

API = ApiPart(
    {
        "post": {
            "operationId": "points_spend",
            "summary": "Spend points of the person at hand: all of them, or none.",
            "description": (
                "Needs a key with the scope events:till that is not public. Whoever lost the answer asks again with "
                "the same redemption_id and is told the same; a further redemption needs another one. The events API's "
                "points_returned gives back what a redemption spent."
            ),
            "security": [{"key": []}],
            "requestBody": {"required": True, "content": {"application/json": {"schema": ref("SpendInput")}}},
            "responses": {
                "200": response(
                    "They are spent; balance is what can be spent now.", "application/json", ref("PointsSpent")
                ),
                **error_responses(*_ERRORS),
                "409": response(
                    "The person cannot spend so many (not_enough), or the redemption_id was used for something else "
                    "(conflict).",
                    "application/json",
                    ref("PointsRefused"),
                ),
            },
        }
    },
    _SCHEMAS,
)
