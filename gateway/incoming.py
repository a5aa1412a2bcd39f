"""What senders post, as typed JSON, and msgspec's complaints turned into the name of a field and what is
wrong with it.
"""

import json
import re
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from schemas.reasons import INVALID, MALFORMED

MAX_EVENTS = 1000
MAX_EVENT_BYTES = 64 * 1024
MAX_NAME_CHARS = 200
MAX_IDENTIFIERS = 20
MAX_LINES = 500
MAX_QUANTITY = 10**12

Name = Annotated[str, Meta(max_length=MAX_NAME_CHARS)]


class SentIdentifier(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A raw value, which is hashed at once, or the hash (32 hex digits) of one that was hashed before."""

    type: Annotated[str, Meta(max_length=40)]
    value: str | None = None
    hash: Annotated[str, Meta(pattern="^[0-9a-f]{32}$")] | None = None


class SentLine(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A line of a sale or return; ``amount`` as in ``properties.amount``."""

    sku: Annotated[str, Meta(min_length=1, max_length=MAX_NAME_CHARS)]
    quantity: Annotated[int, Meta(ge=1, le=MAX_QUANTITY)]
    amount: Any


class SentStock(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Properties of stock_reported."""

    sku: Annotated[str, Meta(min_length=1, max_length=MAX_NAME_CHARS)]
    quantity: Annotated[int, Meta(ge=0, le=MAX_QUANTITY)]


class SentCost(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Properties of cost_reported; ``amount`` as that of a sale."""

    amount: Any
    currency: Any = None


class Sent(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """An event of the batch API. What a known tag says about its place fills in what the event leaves out."""

    type: Annotated[str, Meta(max_length=MAX_NAME_CHARS)]
    occurred_at: Annotated[datetime, Meta(tz=True)]
    event_id: str | None = None
    identifiers: Annotated[tuple[SentIdentifier, ...], Meta(max_length=MAX_IDENTIFIERS)] = ()
    brand: Name = ""
    store: Name = ""
    tag: Name = ""
    placement: Name = ""
    zone: Name = ""
    product: Name = ""
    campaign: Name = ""
    channel: Name = ""
    properties: dict[str, Any] = {}


class SentBatch(msgspec.Struct, forbid_unknown_fields=True):
    """A batch; each event is judged on its own."""

    events: list[msgspec.Raw]


class Invalid(Exception):
    """An event that cannot be taken: a typed reason, the field at fault (a path) and what is wrong with it."""

    def __init__(self, field: str, detail: str, reason: str = INVALID) -> None:
        super().__init__(f"{field}: {detail}" if field else detail)
        self.field = field
        self.detail = detail
        self.reason = reason


_batch = msgspec.json.Decoder(SentBatch).decode
# Numbers with a fraction stay exact: money may be among them.
_event = msgspec.json.Decoder(Sent, float_hook=Decimal).decode


def split_batch(body: bytes) -> list[bytes]:
    """The events of a batch as they came. :raises Invalid: the body is no batch at all."""
    try:
        return [bytes(event) for event in _batch(body).events]
    except msgspec.ValidationError as error:
        raise complaint(error) from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        return _split_leniently(body, error)


def decode_event(raw: bytes) -> Sent:
    """:raises Invalid: not an event's JSON."""
    if len(raw) > MAX_EVENT_BYTES:
        raise Invalid("", f"the event is longer than {MAX_EVENT_BYTES} bytes", MALFORMED)
    try:
        return _event(raw)
    except msgspec.ValidationError as error:
        raise complaint(error) from None
    except RecursionError:
        raise Invalid("properties", "are nested too deeply") from None
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise Invalid(_unsound(raw), f"has text or a number that JSON does not allow ({error})", MALFORMED) from None


_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.*)`", re.DOTALL)


def complaint(error: msgspec.ValidationError, inside: str = "") -> Invalid:
    """:param inside: path of the value that was decoded, when it was not the whole event."""
    what, _, path = str(error).partition(" - at `$")
    path = f"{inside}{path.rstrip('`')}".lstrip(".")
    for pattern, detail in ((_UNKNOWN, "is no known field"), (_MISSING, "is missing")):
        if found := pattern.fullmatch(what):
            return Invalid(f"{path}.{found[1]}".lstrip("."), detail, MALFORMED)
    return Invalid(path, what, MALFORMED)


def _split_leniently(body: bytes, error: Exception) -> list[bytes]:
    """A batch in which one event holds what JSON does not allow (NaN, half a surrogate pair) still has its
    mates.
    """
    try:
        batch = json.loads(body.decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError):
        raise Invalid("", f"the body is no JSON: {error}", MALFORMED) from None
    if not isinstance(batch, dict) or set(batch) != {"events"} or not isinstance(batch["events"], list):
        raise Invalid("", 'the body must be {"events": […]}', MALFORMED)
    return [json.dumps(event).encode() for event in batch["events"]]


def _unsound(raw: bytes) -> str:
    """Path of the first text that is no Unicode or number that is none; empty when it cannot be told."""

    def search(node: Any, path: str) -> str | None:
        if isinstance(node, dict):
            for name, value in node.items():
                if not _sound(name):
                    return path
                if (found := search(value, f"{path}.{name}")) is not None:
                    return found
        elif isinstance(node, list):
            for index, value in enumerate(node):
                if (found := search(value, f"{path}[{index}]")) is not None:
                    return found
        elif not _sound(node):
            return path
        return None

    try:
        return (search(json.loads(raw.decode("utf-8", "surrogateescape")), "") or "").lstrip(".")
    except (ValueError, RecursionError):
        return ""


def _sound(leaf: Any) -> bool:
    if isinstance(leaf, str):
        return not any("\ud800" <= character <= "\udfff" for character in leaf)
    return not isinstance(leaf, float) or leaf - leaf == 0
