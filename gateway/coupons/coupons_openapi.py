"""``/v1/coupons/…`` in the OpenAPI document. The request's shape comes from the type that decodes it."""

from typing import Any, Final, get_args

import msgspec

from gateway.coupons.inputs import CouponInput
from gateway.coupons.pictures import Symbology
from gateway.http.errors import ErrorKind
from gateway.http.openapi_parts import REF, ApiPart, error_responses, object_schema, ref, response
from schemas.reasons import CouponReason

_KEY = (ErrorKind.NO_KEY, ErrorKind.NO_TILL_SCOPE, ErrorKind.ORIGIN, ErrorKind.NO_BRAND)
_ERRORS = (
    *_KEY,
    ErrorKind.BODY,
    ErrorKind.BODY_TIMEOUT,
    ErrorKind.BODY_SIZE,
    ErrorKind.MEDIA_TYPE,
    ErrorKind.ENCODING,
    ErrorKind.INVALID,
    ErrorKind.COUPON_RATE,
    ErrorKind.SATURATED,
    ErrorKind.NOT_IN_KAFKA,
    ErrorKind.NO_ANSWER_YET,
)
_REFUSALS: Final = {
    "404": "There is no such coupon.",
    "409": "It was used, and when and where, or another basket has it.",
    "410": "It has expired, or was withdrawn.",
    "422": "The basket does not meet a condition, which `condition` names, or a field of the request cannot be used.",
}
_CODE: Final[dict[str, Any]] = {
    "name": "code",
    "in": "path",
    "required": True,
    "description": "As it is printed or typed: case, hyphens and blanks do not matter, I and L are 1, O is 0.",
    "schema": {"type": "string"},
}
_TEXT: Final = {"type": "string"}
_TAKEN = object_schema(
    {
        "code": _TEXT,
        "state": {"type": "string", "enum": ["reserved", "redeemed", "released"]},
        "pool": _TEXT,
        "redemption_id": _TEXT,
        "discount": {"type": "string", "description": "What the coupon takes off, a decimal."},
        "currency": _TEXT,
    }
)
_TAKEN["properties"] |= {
    "reserved_until": {"type": "string", "format": "date-time"},
    "double": {"type": "boolean", "description": "Another till took the coupon, too; it is reported."},
}
_REFUSED = object_schema(
    {
        "reason": {"type": "string", "enum": [reason.value for reason in CouponReason]},
        "error": {"type": "string", "description": "For the cashier."},
    }
)
_REFUSED["properties"] |= {
    "used": {"type": "object", "description": "When, where, and in which redemption."},
    "reserved": {"type": "object", "description": "Where, and until when."},
    "expired_at": {"type": "string", "format": "date-time"},
    "condition": _TEXT,
    "coupon": {"type": "string", "description": "The other coupon of the basket."},
    "double": {"type": "boolean"},
}
_SCHEMAS: Final[dict[str, Any]] = {
    "CouponTaken": _TAKEN,
    "CouponRefused": _REFUSED,
    **msgspec.json.schema_components((CouponInput,), ref_template=REF)[1],
}


def _till(action: str, summary: str) -> ApiPart:
    errors = error_responses(*_ERRORS)
    for status, meaning in _REFUSALS.items():
        forms = [ref("CouponRefused"), *([ref("Error")] if status == "422" else [])]
        schema = {"anyOf": forms} if len(forms) > 1 else forms[0]
        errors[status] = response(meaning, "application/json", schema)
    return ApiPart(
        {
            "post": {
                "operationId": f"coupon_{action}",
                "summary": summary,
                "description": (
                    "Needs a key with the scope events:till that is not public. The stream decides: of all tills the "
                    "first one has the coupon. Whoever lost the answer asks again with the same redemption_id and is "
                    "told the same; a further use needs another one."
                ),
                "security": [{"key": []}],
                "parameters": [_CODE],
                "requestBody": {"required": True, "content": {"application/json": {"schema": ref("CouponInput")}}},
                "responses": {
                    "200": response("It is done, now or before.", "application/json", ref("CouponTaken")),
                    **errors,
                },
            }
        },
        _SCHEMAS,
    )


RESERVE_API = _till("reserve", "Keeps a coupon for a basket, until it is redeemed or released, or its time is over.")
REDEEM_API = _till("redeem", "Uses a coupon, which need not have been reserved.")
RELEASE_API = _till("release", "Gives a reserved coupon back, or one that was redeemed for a sale that did not happen.")
PICTURE_API = ApiPart(
    {
        "get": {
            "operationId": "coupon_picture",
            "summary": "A code as text, QR code, Code 128 or EAN, whether or not there is such a coupon.",
            "description": "Needs a key with the scope events:till or events:crm that is not public.",
            "security": [{"key": []}],
            "parameters": [
                _CODE,
                {
                    "name": "kind",
                    "in": "path",
                    "required": True,
                    "schema": {"type": "string", "enum": list(get_args(Symbology))},
                },
            ],
            "responses": {
                "200": {"description": "The picture.", "content": {"image/svg+xml": {}, "text/plain": {}}},
                **error_responses(*_KEY, ErrorKind.NO_PICTURE),
            },
        }
    }
)
