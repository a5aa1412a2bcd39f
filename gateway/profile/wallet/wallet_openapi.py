"""``/me/wallet`` in the OpenAPI document."""

from typing import Any

from gateway.http.errors import ErrorKind
from gateway.http.openapi_parts import PAGE_ERRORS, ApiPart, error_responses, header, response
from gateway.profile.wallet.apple import MEDIA_TYPE


def _part(operation: str, summary: str, *parameters: dict[str, Any]) -> ApiPart:
    wallet = {
        "name": "wallet",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "enum": ["apple", "google"]},
    }
    saves = {"description": "To where Google Wallet saves the pass.", "headers": {"Location": header("The address.")}}
    return ApiPart(
        {
            "get": {
                "operationId": operation,
                "summary": summary,
                "description": "Where FOOTPATH_APPLE_PASS_FILE or FOOTPATH_GOOGLE_WALLET_FILE is set.",
                "parameters": [wallet, *parameters],
                "responses": {
                    "200": response("The pass.", MEDIA_TYPE, {"type": "string", "contentMediaType": MEDIA_TYPE}),
                    "303": saves,
                    **error_responses(*PAGE_ERRORS, ErrorKind.NO_PASS, ErrorKind.NO_ACCOUNT_YET),
                },
            }
        }
    )


CARD_API = _part("me_card", "The card of the cookie's device, for the wallet of its phone.")
COUPON_API = _part(
    "me_coupon",
    "A coupon of the cookie's device, for the wallet of its phone.",
    {"name": "code", "in": "path", "required": True, "schema": {"type": "string"}},
)
