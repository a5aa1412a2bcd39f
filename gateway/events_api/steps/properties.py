"""Steps for a touchpoint's free properties: traits are encoded, everything else is scrubbed and stored as JSON."""

from typing import Any

import msgspec

from gateway.events_api.draft import Draft
from gateway.events_api.errors import ValidationError
from gateway.events_api.steps.position import position
from schemas.identifiers.pseudonyms import may_hold_contacts
from schemas.matching.traits import FIELDS, PROPERTY, RAW

MAX_BYTES = 16 * 1024
"""Limit of the properties as JSON, before they are scrubbed."""
MAX_MEMBERS = 500
"""Limit of their members, at all levels: what each of them holds is found out by its name."""

_OF_TRAITS = frozenset((PROPERTY, *(name for fields in FIELDS.values() for name in fields)))

_encode = msgspec.json.Encoder(decimal_format="number").encode


def traits(draft: Draft) -> None:
    """Encodes the traits of a person or a device. Names and addresses are taken out of the properties, and so is
    whatever a sender wrote under the name that the encoded traits are stored under.
    """
    if draft.properties.keys().isdisjoint(_OF_TRAITS):
        return
    draft.traits = draft.brand_view.pseudonyms.traits(draft.properties)
    for name in (*RAW, PROPERTY):
        draft.properties.pop(name, None)


def properties(draft: Draft) -> None:
    """The remaining properties as JSON text without addresses and phone numbers, and the encoded traits."""
    position(draft)
    text = _scrubbed(draft)
    if draft.traits is not None:
        # After scrubbing: some of the many digits of encoded traits would be taken for a phone number.
        member = f'"{PROPERTY}":{_encode(draft.traits).decode()}}}'
        text = f"{{{member}" if text == "{}" else f"{text[:-1]},{member}"
    draft.fields["properties"] = text


def _scrubbed(draft: Draft) -> str:
    if not draft.properties:
        return "{}"
    try:
        text = _encode(draft.properties)
    except (ValueError, OverflowError):  # Python refuses to write integers of thousands of digits
        raise ValidationError("properties", "has a number that is too long") from None
    if len(text) > MAX_BYTES:
        raise ValidationError("properties", f"are longer than {MAX_BYTES} bytes")
    if text.count(b":") > MAX_MEMBERS and _members(draft.properties) > MAX_MEMBERS:
        raise ValidationError("properties", f"have more than {MAX_MEMBERS} members")
    if not may_hold_contacts(text):
        return text.decode()
    return _encode(draft.brand_view.pseudonyms.scrub_json(draft.properties, draft.country)).decode()


def _members(properties: dict[str, Any]) -> int:
    count, left = 0, [properties]
    while left:
        node: Any = left.pop()
        if isinstance(node, dict):
            count += len(node)
            left += node.values()
        elif isinstance(node, list):
            left += node
    return count
