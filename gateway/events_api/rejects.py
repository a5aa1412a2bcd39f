"""Rejected events: recorded with their reason, their sender and their text, which is stored in protected form only.

All else of a reject is stored in clear and so holds nothing that a sender could have written about a person: neither a
value nor a name of a member that is none of the events API's.
"""

import json
import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from gateway.brand.live import BrandView
from gateway.events_api.draft import Sender
from gateway.events_api.errors import ValidationError
from gateway.events_api.inputs import (
    MAX_EVENT_BYTES,
    BatchInput,
    CapacityInput,
    ConsentInput,
    CostInput,
    EventInput,
    IdentifierInput,
    LineInput,
    ProofInput,
    StockInput,
)
from gateway.events_api.parse_values import parse_id
from schemas.brand.model import ApiKey
from schemas.events import EventRejected
from schemas.identifiers.pseudonyms import Pseudonyms
from schemas.ids import derived, event_id_of
from schemas.kinds import types_of
from schemas.matching.traits import FIELDS
from schemas.reasons import RejectReason
from schemas.rejects import RAW_KEPT_BYTES

STAGE = "gateway"
REPORTS: Final = (StockInput, CapacityInput, CostInput)
SHAPES: Final = (EventInput, IdentifierInput, LineInput, *REPORTS, ConsentInput, ProofInput, BatchInput)
OWN_NAMES: Final = frozenset(
    {
        *(name for shape in SHAPES for name in shape.__struct_fields__),
        *(name for fields in FIELDS.values() for name in fields),
        *("lines", "sale_event_id", "device_class", "latitude", "longitude"),
    }
)
"""Names of members that the events API itself has."""
UNKNOWN_NAME: Final = "*"
"""Stands in the path of a field for a name that a sender made up."""
_PATH_STEP: Final = re.compile(r"\[\d+\]|[^.\[]+")


class Received(msgspec.Struct, frozen=True, array_like=True):
    """What a reject keeps of a request in protected form: the id of the sender's key, the kinds that it was allowed to
    send, the event's text as it came, cut after ``RAW_KEPT_BYTES``, the namespace of its event ids (None: the key's
    own), whether anybody may have sent it, and whether the browser sent Global Privacy Control."""

    key_id: str
    types: tuple[str, ...]
    text: bytes
    namespace: str | None = None
    is_public: bool = False
    gpc: bool = False


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Received).decode


def rejected(raw: bytes, error: ValidationError, sender: Sender, brand_view: BrandView, now: int) -> EventRejected:
    """The event-rejected record of an event. Its bytes are in clear until the codec of its topic encodes them.

    :param now: time of receipt in microseconds.
    """
    field, detail = known_path(error.field)[:200], brand_view.pseudonyms.scrub(error.detail)[:800]
    received = Received(
        sender.key_id, tuple(sorted(sender.types)), raw[:RAW_KEPT_BYTES], sender.namespace, sender.is_public, sender.gpc
    )
    return EventRejected(
        event_id=reject_id(received, brand_view.pseudonyms),
        occurred_at=now,
        stage=STAGE,
        reason=error.reason,
        detail=f"{field}: {detail}" if field else detail,
        field=field,
        source_event_id=_source_event_id(raw, sender),
        raw=_encode(received),
    )


def reject_id(received: Received, pseudonyms: Pseudonyms) -> str:
    """The event id of a reject: the same text of the same sender gives the same id, so that a retry is counted once.

    A key is part of the hash: without it nobody can find out a text by trying what may stand in it.
    """
    return derived("rejected", STAGE, received.key_id, pseudonyms.digest(received.text))


def read_received(raw: bytes) -> Received:
    """What :func:`rejected` has kept, from the revealed bytes. :raises msgspec.MsgspecError: other bytes."""
    return _decode(raw)


def sender_of(received: Received, api_keys: Sequence[ApiKey]) -> Sender:
    """The sender of a rejected event with the kinds that its key may send today; where the brand does not have the key
    any more, with those that it could send then. Its namespace is that of then: a re-send had it, too."""
    key = next((key for key in api_keys if key.id == received.key_id), None)
    types = frozenset(received.types) if key is None else types_of(key.scopes)
    is_public = received.is_public or (key is not None and key.is_public)
    return Sender(received.key_id, types, namespace=received.namespace, is_public=is_public, gpc=received.gpc)


def conflict() -> ValidationError:
    """What is wrong with an event under whose id another one was sent before."""
    return ValidationError("event_id", "another event was sent under this id before", RejectReason.CONFLICT)


def known_path(field: str) -> str:
    """The path of a field with every name that is none of the events API's replaced by :data:`UNKNOWN_NAME`."""
    steps = (step if step[0] == "[" or step in OWN_NAMES else UNKNOWN_NAME for step in _PATH_STEP.findall(field))
    return ".".join(steps).replace(".[", "[")


def _source_event_id(raw: bytes, sender: Sender) -> str:
    if len(raw) > MAX_EVENT_BYTES:
        return ""
    try:
        node: Any = json.loads(raw.decode(errors="replace"))
        if not isinstance(node, dict):
            return ""
        return event_id_of(sender.id_namespace, parse_id(node.get("event_id"), "event_id"))
    except (ValidationError, ValueError, RecursionError):
        return ""
