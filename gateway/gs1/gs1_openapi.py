"""GS1 Digital Links in the OpenAPI document."""

from typing import Any, Final

from gateway.gs1.linkset import LINKSET
from gateway.http.errors import ErrorKind
from gateway.http.openapi_parts import ApiPart, error_responses, header, response
from gateway.scan.scan_openapi import HEADERS
from schemas.gs1.dictionary import primary_keys

_KEY: Final[dict[str, Any]] = {
    "name": "key",
    "in": "path",
    "required": True,
    "description": "A primary key of GS1, perhaps with a path of its own before it. 01 is the GTIN.",
    "schema": {"type": "string", "examples": list(primary_keys())},
}
_VALUE: Final[dict[str, Any]] = {
    "name": "value",
    "in": "path",
    "required": True,
    "description": "Its value, and qualifiers in the key's order: 09506000134352/10/LOT1/21/12.",
    "schema": {"type": "string"},
}
_LINK_TYPE: Final[dict[str, Any]] = {
    "name": "linkType",
    "in": "query",
    "description": "A link type such as gs1:pip; all: every link, as a linkset.",
    "schema": {"type": "string"},
}
_LANGUAGE: Final[dict[str, Any]] = {"name": "Accept-Language", "in": "header", "schema": {"type": "string"}}
_LINK: Final = {"Link": header("Where the linkset is.")}
_ERRORS: Final = error_responses(ErrorKind.DIGITAL_LINK, ErrorKind.NO_LINK, ErrorKind.ADDRESS_RATE, ErrorKind.NO_BRAND)
_LINKSET: Final = {
    "type": "object",
    "properties": {"linkset": {"type": "array", "items": {"type": "object"}}},
    "required": ["linkset"],
}


def _operation(id: str, summary: str, description: str) -> dict[str, Any]:
    page: dict[str, Any] = response("A page with one action.", "text/html", {"type": "string"}, {**HEADERS, **_LINK})
    page["content"][LINKSET] = {"schema": _LINKSET}
    page["description"] = "A page with one action; or all links (RFC 9264)."
    equals = response("Several links suit equally.", "application/json", {"type": "object"}, _LINK)
    equals["content"]["text/html"] = {"schema": {"type": "string"}}
    return {
        "operationId": id,
        "summary": summary,
        "description": description,
        "parameters": [_KEY, _VALUE, _LINK_TYPE, _LANGUAGE],
        "responses": {
            "200": page,
            "300": equals,
            "307": {
                "description": "One redirect, to a registered destination.",
                "headers": {**HEADERS, **_LINK, "Location": header("Where to.")},
            },
            **_ERRORS,
        },
    }


API = ApiPart(
    {
        "get": _operation(
            "digital_link",
            "A phone follows a GS1 Digital Link, or somebody asks for a link of a type.",
            "Without linkType it is a scan of the tag that the key means, as /s/{tag}; lot and serial are recorded. A "
            "key that means none leads to the brand's fallback.",
        )
    }
)
