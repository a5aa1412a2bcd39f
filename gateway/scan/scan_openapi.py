"""``/s/{tag}`` in the OpenAPI document."""

from typing import Any

from gateway.http.errors import ErrorKind
from gateway.http.openapi_parts import ApiPart, error_responses, header, response
from gateway.scan.redirects import FALLBACK, ROUTED
from gateway.trust.looks import PREVIEW
from gateway.trust.refused_page import REFUSED
from schemas.trust.signed import PARAMETER

TAG: dict[str, Any] = {
    "name": "tag",
    "in": "path",
    "required": True,
    "description": "Tag id. A scan's may be in any case and have characters appended, where that is unambiguous.",
    "schema": {"type": "string"},
}
_COOKIE: dict[str, Any] = {
    "name": "fp_device",
    "in": "cookie",
    "required": False,
    "schema": {"type": "string"},
    "description": "The device, as the gateway set it; a value that it did not sign is replaced. Behind TLS its "
    "name is __Host-fp_device.",
}
_PAGE_COOKIE: dict[str, Any] = {
    "name": "fp_page",
    "in": "cookie",
    "required": False,
    "schema": {"type": "string"},
    "description": "The page that the phone has of this tag, as the gateway set it: loading it again is no new scan.",
}
HEADERS = {
    "Footpath-Event": header(
        "Id of the recorded scan. Absent when the scan could not be recorded (Kafka unavailable and the spool full, or "
        "too many requests waiting): the phone still gets the fallback."
    ),
    "Footpath-Outcome": header(
        "routed: the stream decided; fallback: it did not in time; preview: nobody scanned.",
        enum=[ROUTED, FALLBACK, PREVIEW],
    ),
    "Set-Cookie": header("fp_device (__Host-fp_device), first-party; with a page also fp_page."),
}
_PREVIEW: dict[str, Any] = {
    "description": "For a bot: what the link is of, the same for everybody.",
    "headers": {"Footpath-Outcome": header("preview", enum=[PREVIEW])},
}
_REFUSED = response(
    "The link proves nothing, and its tag demands it: a forged signature, an expired code. The page says what to do.",
    "text/html",
    {"type": "string"},
    {"Footpath-Outcome": header("refused", enum=[REFUSED])},
)
_SECURITY = [
    {"name": name, "in": "query", "required": False, "schema": {"type": "string"}, "description": description}
    for name, description in (
        (PARAMETER, "Of tags with security: KEY.MAC of a signed link, KEY.STEP.MAC of a screen's, KEY of a chip's."),
        ("picc_data", "Of a chip (NTAG 424 DNA): its encrypted UID and counter."),
        ("enc", "Of a chip: its encrypted file data."),
        ("cmac", "Of a chip: its signature."),
    )
]
_ERRORS = error_responses(ErrorKind.ADDRESS_RATE, ErrorKind.NO_BRAND)
_GET = {
    "operationId": "scan",
    "summary": "A phone follows a QR code, an NFC tag or a short link.",
    "description": "utm_… and the brand's own parameters of the query are recorded, all others are dropped. A link "
    "that means no tag leads to the brand's fallback. Bots and fetchers of previews get a preview and no cookie; "
    "browsers that fetch ahead get it with status 503, so that they ask again when their person does.",
    "parameters": [TAG, _COOKIE, _PAGE_COOKIE, *_SECURITY],
    "responses": {
        "200": response("A page with one action; or a preview.", "text/html", {"type": "string"}, HEADERS),
        "302": {
            "description": "One redirect, to a registered destination.",
            "headers": {**HEADERS, "Location": header("Where to.")},
        },
        "410": _REFUSED,
        **_ERRORS,
    },
}
_HEAD = {
    "operationId": "look",
    "summary": "Returns where a tag leads; records no scan and sets no cookie.",
    "parameters": [TAG],
    "responses": {
        "302": {
            "description": "The tag's fallback; a bot gets the head of the preview, with 200.",
            "headers": {"Location": header("The tag's fallback."), **_PREVIEW["headers"]},
        },
        "200": _PREVIEW,
        **{status: {"description": error["description"]} for status, error in _ERRORS.items()},
    },
}
API = ApiPart({"get": _GET, "head": _HEAD})
