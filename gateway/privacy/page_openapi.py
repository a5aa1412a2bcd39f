"""``/privacy`` and what is below it in the OpenAPI document."""

from typing import Any

from gateway.http.errors import ErrorKind
from gateway.http.openapi_parts import FORM_ERRORS, PAGE_ERRORS, ApiPart, error_responses, header, response

_LANGUAGE: dict[str, Any] = {"name": "Accept-Language", "in": "header", "required": False, "schema": {"type": "string"}}
_ELSEWHERE = {"description": "To the next page.", "headers": {"Location": header("The page, on this gateway.")}}
_TOKEN = {"type": "string", "description": "As the page has it: of the device of the cookie, for a day or two."}


def _parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _page(operation: str, summary: str, *more: ErrorKind, path: str = "", **others: Any) -> ApiPart:
    parameters = [_LANGUAGE] if not path else [_LANGUAGE, _parameter(path)]
    responses = {"200": response("The page.", "text/html", {"type": "string"}), **others}
    errors = error_responses(*PAGE_ERRORS, *more)
    return ApiPart(
        {
            "get": {
                "operationId": operation,
                "summary": summary,
                "parameters": parameters,
                "responses": errors | responses,
            }
        }
    )


def _form(
    operation: str, summary: str, fields: dict[str, Any], *more: ErrorKind, path: str = "", page: bool
) -> ApiPart:
    schema = {"type": "object", "properties": {"token": _TOKEN, **fields}, "required": ["token", *fields]}
    found = response("The page.", "text/html", {"type": "string"})
    return ApiPart(
        {
            "post": {
                "operationId": operation,
                "summary": summary,
                "description": "For the page's own forms: a browser that says that it comes from elsewhere is refused.",
                "parameters": [_parameter(path)] if path else [],
                "requestBody": {
                    "required": True,
                    "content": {"application/x-www-form-urlencoded": {"schema": schema}},
                },
                "responses": {
                    **({"200": found} if page else {}),
                    **({"303": _ELSEWHERE} if path or not page else {}),
                    **error_responses(*FORM_ERRORS, *more),
                },
            }
        }
    )


_GONE = {str(ErrorKind.USED_LINK.status): response(ErrorKind.USED_LINK.meaning, "text/html", {"type": "string"})}
PAGE_API = _page("privacy", "What is known about the device of the cookie, and what it allows.")
POLICY_API = _page("privacy_policy", "The whole text of a purpose.", ErrorKind.NO_REQUEST, path="key")
CONSENT_API = _form(
    "privacy_said",
    "States what the device of the cookie allows.",
    {"key": {"type": "string"}, "given": {"type": "string", "enum": ["0", "1"]}, "version": {"type": "string"}},
    ErrorKind.NOT_STORED,
    page=False,
)
EXPORT_API = _form(
    "privacy_page_export",
    "Asks for the device's data.",
    {},
    ErrorKind.NO_REJECT_KEY,
    ErrorKind.NOT_IN_KAFKA,
    page=False,
)
SURE_API = _page("privacy_sure", "Asks whether the device is to be erased.")
ERASE_API = _form("privacy_page_erase", "Erases the device.", {}, ErrorKind.NOT_IN_KAFKA, page=False)
REQUEST_API = _page(
    "privacy_page_request", "How far a request of this browser has come.", ErrorKind.NO_REQUEST, path="id"
)
_DATA_ERRORS = (
    ErrorKind.NO_REQUEST,
    ErrorKind.NOT_DONE,
    ErrorKind.DATA_GONE,
    ErrorKind.NO_REJECT_KEY,
    ErrorKind.NOT_IN_KAFKA,
)
DATA_API = _page(
    "privacy_page_data",
    "The file of an export of this browser.",
    *_DATA_ERRORS,
    path="id",
    **{"200": response("The file.", "application/json", {"type": "object"})},
)
SEND_API = _form(
    "privacy_send_link",
    "Sends a link to an address; the answer is the same for every address.",
    {"address": {"type": "string"}},
    ErrorKind.NO_REQUEST,
    page=True,
)
LINK_API = _page("privacy_link", "What a link is for; consumes nothing.", ErrorKind.NOT_IN_KAFKA, path="link", **_GONE)
USE_API = _form(
    "privacy_use_link",
    "Uses a link, once.",
    {"action": {"type": "string", "enum": ["sure", "export", "erase"]}},
    ErrorKind.USED_LINK,
    ErrorKind.NO_REJECT_KEY,
    ErrorKind.NOT_IN_KAFKA,
    path="link",
    page=True,
)
