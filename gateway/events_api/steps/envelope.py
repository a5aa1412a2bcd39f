"""Steps for what every event has: kind, id, time and names."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import uuid4

from gateway.events_api.draft import Draft
from gateway.events_api.errors import ValidationError
from gateway.events_api.parse_values import parse_id, parse_name, parse_time
from schemas import kinds
from schemas.ids import event_id_of
from schemas.reasons import RejectReason

MAX_DEPTH = 16
NAMES = ("brand", "store", "tag", "placement", "zone", "product", "campaign", "channel")
FROM_TAG = ("store", "placement", "zone", "product", "campaign")
"""Names that a known tag fills in where the event leaves them out."""


def kind_is_known(draft: Draft) -> None:
    if draft.input.type not in kinds.TYPES:
        raise ValidationError("type", "is no known kind of event", RejectReason.UNKNOWN_TYPE)


def sender_may_send_kind(draft: Draft) -> None:
    if draft.sender.is_page and draft.input.type not in kinds.SENDABLE["web"]:
        raise ValidationError("type", "may not be sent by a web page", RejectReason.FORBIDDEN)
    if draft.input.type not in draft.sender.types:
        raise ValidationError("type", "may not be sent with this key", RejectReason.FORBIDDEN)


def event_id(draft: Draft) -> None:
    """The sender's id in its canonical form, a random one when there is none; both within the sender's namespace."""
    given = draft.input.event_id
    own_id = str(uuid4()) if given is None else parse_id(given, "event_id")
    draft.fields["event_id"] = event_id_of(draft.sender.id_namespace, own_id)


def occurred_at(draft: Draft) -> None:
    draft.fields["occurred_at"] = parse_time(draft.input.occurred_at, draft.now)


def properties_are_shallow(draft: Draft) -> None:
    """Deeper nesting than :data:`MAX_DEPTH` could overrun the stack of whatever reads it."""
    if draft.properties and _is_deeper(draft.properties, MAX_DEPTH):
        raise ValidationError("properties", f"are nested more than {MAX_DEPTH} deep")


def names(draft: Draft) -> None:
    """The event's names, those of its tag included. A sender's are kept as they are, without blanks around them."""
    brand, pseudonyms = draft.brand_view.brand, draft.brand_view.pseudonyms
    known: dict[str, Mapping[str, Any]] = {"tag": brand.tags, "store": brand.stores, "product": brand.products}
    found = {
        name: parsed
        for name in NAMES
        if (text := getattr(draft.input, name)) and (parsed := parse_name(text, name, known.get(name, ()), pseudonyms))
    }
    if tag := brand.tags.get(found.get("tag", "")):
        found = {name: getattr(tag, name) for name in FROM_TAG} | found
    draft.names = {"brand": brand.about.id, **found}


def _is_deeper(node: dict[str, Any] | list[Any], levels: int) -> bool:
    """Whether an object or a list has others in it, and these others again, for more than so many levels."""
    if not levels:
        return True
    children: Iterable[Any] = node.values() if isinstance(node, dict) else node
    for child in children:
        kind = type(child)  # the parser makes no subclasses
        if (kind is dict or kind is list) and _is_deeper(child, levels - 1):
            return True
    return False
