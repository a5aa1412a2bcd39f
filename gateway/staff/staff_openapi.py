"""``/staff`` and profiles in the OpenAPI document. The profile's shape comes from the type that is encoded."""

from typing import Any

import msgspec

from gateway.http.errors import ErrorKind
from gateway.http.openapi_parts import (
    FORM_ERRORS,
    PAGE_ERRORS,
    REF,
    ApiPart,
    error_responses,
    header,
    object_schema,
    ref,
    response,
)
from gateway.staff.profile import Profile

_PAGE = response("The page.", "text/html", {"type": "string"})
_LOOK = (
    ErrorKind.INVALID,
    ErrorKind.PROFILE_RATE,
    ErrorKind.SATURATED,
    ErrorKind.NO_PROFILE_YET,
    ErrorKind.NO_REJECT_KEY,
    ErrorKind.NOT_IN_KAFKA,
)
_NOTHING = object_schema({"allowed": {"type": "boolean", "const": False}})


def _form(operation: str, summary: str, fields: tuple[str, ...], *more: ErrorKind, page: bool) -> ApiPart:
    properties = {name: {"type": "string"} for name in ("token", *fields)}
    elsewhere = {"description": "To the page.", "headers": {"Location": header("The page, on this gateway.")}}
    return ApiPart(
        {
            "post": {
                "operationId": operation,
                "summary": summary,
                "description": "For the page's own forms: a browser that says that it comes from elsewhere is refused.",
                "requestBody": {
                    "required": True,
                    "content": {"application/x-www-form-urlencoded": {"schema": object_schema(properties)}},
                },
                "responses": {
                    **({"200": _PAGE} if page else {}),
                    "303": elsewhere,
                    **error_responses(*FORM_ERRORS, *more),
                },
            }
        }
    )


PAGE_API = ApiPart(
    {
        "get": {
            "operationId": "staff",
            "summary": "Where somebody of the shop signs in, and asks for the profile of the shopper they serve.",
            "responses": {"200": _PAGE, **error_responses(*PAGE_ERRORS)},
        }
    }
)
SIGN_IN_API = _form(
    "staff_sign_in", "Signs in with a key of the scope staff.", ("key",), ErrorKind.NO_STAFF_SCOPE, page=False
)
SIGN_OUT_API = _form("staff_sign_out", "Signs out.", (), page=False)
LOOK_API = _form("staff_look", "Shows a profile, which is written down.", ("kind", "value"), *_LOOK, page=True)


def _parameter(name: str, description: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": {"type": "string"},
    }


PROFILE_API = ApiPart(
    {
        "get": {
            "operationId": "person_profile",
            "summary": "What a person is interested in, has, was offered in this visit, and allows.",
            "description": (
                "Needs a key with the scope staff or events:crm that is not public. Nothing names the person. Where "
                "the person does not allow personalisation, or nobody is known, allowed is false and there is "
                "nothing else. Each answer is written down (table profile_shown) before it is given."
            ),
            "security": [{"key": []}],
            "parameters": [
                _parameter("type", "A type of identifiers."),
                _parameter("value", "Its value, percent-encoded."),
            ],
            "responses": {
                "200": response(
                    "The profile, or that none may be shown.",
                    "application/json",
                    {"oneOf": [ref("Profile"), ref("NoProfile")]},
                ),
                **error_responses(
                    ErrorKind.NO_KEY, ErrorKind.NO_STAFF_SCOPE, ErrorKind.ORIGIN, ErrorKind.NO_BRAND, *_LOOK
                ),
            },
        }
    },
    {"NoProfile": _NOTHING, **msgspec.json.schema_components((Profile,), ref_template=REF)[1]},
)
