"""``/openapi.json``: the HTTP contract as an OpenAPI 3.1 document. Its shapes come from the types that decode
and encode.
"""

from functools import cache
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from gateway.codes import DEFAULT_SCALE, MAX_SCALE, MEDIA_TYPES
from gateway.events import Verdicts
from gateway.incoming import MAX_EVENTS, Sent
from gateway.replies import json_reply
from schemas.kinds import TYPES
from schemas.likeness.traits import CONTACT, FIELDS, VISIT

REF = "#/components/schemas/{name}"
TAG = {"name": "tag", "in": "path", "required": True, "description": "Tag id.", "schema": {"type": "string"}}


async def document(request: Request) -> Response:
    """The document itself."""
    return json_reply(200, build_document())


@cache
def build_document() -> dict[str, Any]:
    """The whole document."""
    (_, _), schemas = msgspec.json.schema_components((Sent, Verdicts), ref_template=REF)
    schemas["Sent"]["properties"]["type"] |= {"enum": sorted(TYPES)}
    schemas["Batch"] = _object({"events": {"type": "array", "maxItems": MAX_EVENTS, "items": _ref("Sent")}})
    schemas["Error"] = _object({"error": {"type": "string", "description": "What is wrong, in words."}})
    readiness = {"status": {"type": "string"}, "missing": {"type": "array", "items": {"type": "string"}}}
    schemas["Readiness"] = _object(readiness)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Footpath gateway", "version": "1", "description": __doc__},
        "paths": {
            "/s/{tag}": {"get": _scan(), "head": _look()},
            "/v1/events": {"post": _events()},
            "/qr/{tag}.{kind}": {"get": _code()},
            "/health/live": {"get": _plain("live", "Whether the process runs.", {"type": "object"})},
            "/health/ready": {"get": _ready()},
            "/metrics": {"get": _metrics()},
            "/openapi.json": {"get": _plain("document", "This document.", {"type": "object"})},
        },
        "components": {
            "schemas": schemas,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "An API key of the brand."}},
        },
    }


def _scan() -> dict[str, Any]:
    event = _header(
        "Id of the recorded scan. Absent when it could be recorded nowhere (Kafka away and the spool full, or too "
        "many requests waiting): the phone still gets the fallback, and nothing is claimed."
    )
    outcome = _header(
        "routed: the stream decided; fallback: it did not within the deadline.", enum=["routed", "fallback"]
    )
    headers = {
        "Footpath-Event": event,
        "Footpath-Outcome": outcome,
        "Set-Cookie": _header("fp_device, first-party."),
    }
    return {
        "operationId": "scan",
        "summary": "A phone follows a QR code, an NFC tag or a short link.",
        "parameters": [TAG, _cookie()],
        "responses": {
            "200": _answer("A page with one action.", "text/html", {"type": "string"}, headers),
            "302": {
                "description": "One redirect, to a registered destination.",
                "headers": {**headers, "Location": _header("Where to.")},
            },
            **_errors(404, 429, 503),
        },
    }


def _look() -> dict[str, Any]:
    headers = {"Location": _header("The tag's fallback."), "Footpath-Outcome": _header("fallback")}
    return {
        "operationId": "look",
        "summary": "Looks where a tag leads; is no scan and sets no cookie.",
        "parameters": [TAG],
        "responses": {
            "302": {"description": "The tag's fallback.", "headers": headers},
            **{status: {"description": refusal["description"]} for status, refusal in _errors(404, 429, 503).items()},
        },
    }


def _events() -> dict[str, Any]:
    return {
        "operationId": "events",
        "summary": "Takes a batch of events: a verdict for each, and a bad one never sinks its batch mates.",
        "description": "The body may be sent with Content-Encoding: gzip. 202 means that Kafka or a synced spool "
        "has the batch. sale and return need properties.amount (a decimal string, up to six decimals) and take "
        "properties.currency, properties.lines [{sku, quantity, amount}] and, for a return, "
        "properties.sale_event_id. stock_reported needs store, properties.sku and properties.quantity, and is about "
        "no person: identifiers are ignored. cost_reported needs campaign and properties.amount, may name channel, "
        "placement, store and tag, and is about no person either: occurred_at lies in the day (UTC) that the money was "
        "spent for, and the latest statement of the same campaign, channel, placement, store, tag and day replaces "
        "earlier ones. All others need at least one identifier. Placeholders (null, unknown, 000000, test@…) "
        "identify nobody: an event that has nothing else is rejected. identity_linked and identity_unlinked are an "
        "operator's word that two identifiers are, or are not, one person's; they need exactly two. "
        "properties.device_class names the class of the device that sent the event: identity joins nobody by a "
        "device of a class that the brand never stitches (kiosk, till, staff). "
        f"properties.{', '.join(FIELDS[CONTACT])} are traits of a person: they are encoded so that records can be "
        f"compared, and stored in no other form. {', '.join(FIELDS[VISIT])} tell of "
        "a device, are encoded for the same use, and are stored as they are, too.",
        "security": [{"key": []}],
        "requestBody": {"required": True, "content": {"application/json": {"schema": _ref("Batch")}}},
        "responses": {
            "202": _answer("A verdict for each event, in order.", "application/json", _ref("Verdicts")),
            **_errors(400, 401, 403, 408, 413, 415, 429, 503),
        },
    }


def _code() -> dict[str, Any]:
    kind = {
        "name": "kind",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "enum": list(MEDIA_TYPES)},
    }
    scale = {
        "name": "scale",
        "in": "query",
        "description": "Size of a module: pixels, units or points.",
        "schema": {"type": "integer", "minimum": 1, "maximum": MAX_SCALE, "default": DEFAULT_SCALE},
    }
    pictures: dict[str, Any] = {media_type: {} for media_type in MEDIA_TYPES.values()}
    return {
        "operationId": "code",
        "summary": "The QR code of a tag's link.",
        "parameters": [TAG, kind, scale],
        "responses": {
            "200": {"description": "The picture.", "content": pictures},
            **_errors(400, 404, 429, 503),
        },
    }


def _ready() -> dict[str, Any]:
    ready = _plain("ready", "Whether the stream can answer a scan.", _ref("Readiness"))
    ready["responses"]["503"] = _answer("It cannot; missing says why.", "application/json", _ref("Readiness"), _retry())
    return ready


def _metrics() -> dict[str, Any]:
    metrics = _plain("metrics", "Metrics for Prometheus.", {})
    metrics["responses"]["200"]["content"] = {"text/plain": {"schema": {"type": "string"}}}
    return metrics


def _plain(operation: str, summary: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "operationId": operation,
        "summary": summary,
        "responses": {"200": _answer("OK.", "application/json", schema)},
    }


ERRORS = {
    400: "The request is malformed; error says where.",
    401: "No API key, or an unknown one.",
    403: "The key has no scope for events.",
    404: "There is no such tag or picture.",
    408: "The body took too long.",
    413: f"The body is too large, or the batch has more than {MAX_EVENTS} events.",
    415: "The body is no application/json, or is encoded with something other than gzip.",
    429: "Too fast.",
    503: "Nothing was taken: no brand is known, too many requests wait, or Kafka is away and the spool is full.",
}


def _errors(*statuses: int) -> dict[str, dict[str, Any]]:
    """The refusals, as JSON, or as a page for a client that accepts text/html."""
    return {
        str(status): {
            "description": ERRORS[status],
            "headers": _retry() if status in (429, 503) else {},
            "content": {
                "application/json": {"schema": _ref("Error")},
                "text/html": {"schema": {"type": "string"}},
            },
        }
        for status in statuses
    }


def _retry() -> dict[str, Any]:
    return {"Retry-After": _header("Seconds to wait.")}


def _cookie() -> dict[str, Any]:
    return {
        "name": "fp_device",
        "in": "cookie",
        "required": False,
        "schema": {"type": "string"},
        "description": "The device, as the gateway set it; anything of another form is replaced.",
    }


def _header(description: str, **schema: Any) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string", **schema}}


def _answer(description: str, media_type: str, schema: Any, headers: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"description": description, "content": {media_type: {"schema": schema}}, "headers": headers or {}}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": REF.format(name=name)}
