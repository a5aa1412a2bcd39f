"""Building blocks of the OpenAPI document, which each endpoint's description is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.http.errors import ErrorKind

PAGE_ERRORS = (ErrorKind.ADDRESS_RATE, ErrorKind.NO_BRAND)
FORM_ERRORS = (
    *PAGE_ERRORS,
    ErrorKind.FORGED,
    ErrorKind.BODY,
    ErrorKind.BODY_TIMEOUT,
    ErrorKind.BODY_SIZE,
    ErrorKind.MEDIA_TYPE,
    ErrorKind.ENCODING,
    ErrorKind.SATURATED,
)
"""Of every page, and of every form of one."""
REF = "#/components/schemas/{name}"


@dataclass(frozen=True)
class ApiPart:
    """What the document contains of one path: ``operations`` by method in lower case, and the component ``schemas``
    that they refer to.
    """

    operations: Mapping[str, Any]
    schemas: Mapping[str, Any] = field(default_factory=dict)


def plain_operation(operation: str, summary: str, schema: dict[str, Any]) -> dict[str, Any]:
    """An operation that takes nothing and always returns JSON."""
    return {
        "operationId": operation,
        "summary": summary,
        "responses": {"200": response("OK.", "application/json", schema)},
    }


def error_responses(*kinds: ErrorKind) -> dict[str, dict[str, Any]]:
    """The error responses by status, as JSON, or as a page for a client that accepts text/html."""
    meanings: dict[int, list[str]] = {}
    for kind in kinds:
        meanings.setdefault(kind.status, []).append(kind.meaning)
    return {
        str(status): {
            "description": " ".join(meanings[status]),
            "headers": retry_after() if status in (429, 503) else {},
            "content": {
                "application/json": {"schema": ref("Error")},
                "text/html": {"schema": {"type": "string"}},
            },
        }
        for status in sorted(meanings)
    }


def retry_after() -> dict[str, Any]:
    return {"Retry-After": header("Seconds to wait.")}


def header(description: str, **schema: Any) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string", **schema}}


def response(description: str, media_type: str, schema: Any, headers: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"description": description, "content": {media_type: {"schema": schema}}, "headers": headers or {}}


def object_schema(properties: dict[str, Any]) -> dict[str, Any]:
    """A JSON object in which every property is required."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def ref(name: str) -> dict[str, str]:
    """A reference to a component schema."""
    return {"$ref": REF.format(name=name)}
