"""A change of the identifier key: who sees a value under a new key says that its identifiers are of one value.

The statement is an event ``identity_linked`` whose id lies in a namespace that no sender can have, so that everybody
who has the id of the event knows what it says.
"""

from typing import Final

from schemas import kinds
from schemas.events import TouchpointRecorded
from schemas.identifiers.types import strongest
from schemas.ids import SLASH, derived, event_id_of

SOURCE: Final = "key rotation"
"""Namespace and source of such events; those of senders have no blanks."""
_START: Final = f"{SOURCE}{SLASH}"


def same_value(identifier: str, other: str, brand: str, now: int, source: str = SOURCE) -> TouchpointRecorded:
    """The event that says so, the same whichever of the two comes first.

    :param brand: id of the brand. :param now: in microseconds. :param source: of whoever says so.
    """
    return TouchpointRecorded(
        event_id=event_id_of(SOURCE, derived("same value", *sorted((identifier, other)))),
        type=kinds.LINKED,
        occurred_at=now,
        received_at=now,
        source=source,
        primary_identifier=strongest((identifier, other)),
        identifiers=(identifier, other),
        brand=brand,
    )


def says_same_value(event_id: str) -> bool:
    """Whether the event with this id says that two identifiers are of one value."""
    return event_id.startswith(_START)
