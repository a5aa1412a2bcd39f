"""``/openapi.json``: the HTTP contract as an OpenAPI 3.1 document, collected from the endpoints' parts."""

from collections.abc import Iterable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from gateway.http.openapi_parts import ApiPart, object_schema, plain_operation
from gateway.http.responses import json_response

API = ApiPart({"get": plain_operation("document", "This document.", {"type": "object"})})


class DocumentHandler:
    """:param document: see :func:`build_document`."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document

    async def document(self, request: Request) -> Response:
        """The document as JSON."""
        return json_response(200, self._document)


def build_document(parts: Iterable[tuple[str, ApiPart]]) -> dict[str, Any]:
    """The whole document.

    :param parts: path and part of each endpoint.
    """
    parts = list(parts)
    schemas: dict[str, Any] = {
        "Error": object_schema({"error": {"type": "string", "description": "What is wrong, in words."}})
    }
    paths: dict[str, dict[str, Any]] = {}
    for path, part in parts:
        schemas.update(part.schemas)
        paths.setdefault(path, {}).update(part.operations)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Footpath gateway",
            "version": "1",
            "description": "Scans, the events API, requests about data, QR codes, and the state of the process.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "An API key of the brand."}},
        },
    }
