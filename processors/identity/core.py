"""Identity: reads touchpoint-recorded, writes touchpoint-identified and identity-changed, keyed by anchor identifier.

An anchor identifier is one person. The state is the identifier's node; ``merge`` and ``erase`` are what joining
identifiers and forgetting people build on.
"""

from typing import Any

import msgspec

from processors.step import Effect, Emit, Processor, Reject, Step
from processors.world import World
from schemas import kinds, reasons
from schemas.events import IdentityChanged, TouchpointIdentified, TouchpointRecorded
from schemas.ids import derived, person_of
from schemas.topics import TOUCHPOINT_RECORDED

APPEARED = "appeared"
LATEST_US = 4_102_444_800_000_000
"""The year 2100 in microseconds: later times are no times of touchpoints, and calendars downstream end somewhere."""


class Node(msgspec.Struct, frozen=True, array_like=True):
    """An identifier: the person it belongs to, and when it was first seen (microseconds, by the senders' clocks)."""

    person_id: str
    first_seen: int


def step(node: Node | None, event: TouchpointRecorded, world: World) -> Step[Node]:
    """Names the person behind a touchpoint, and tells when that person is new."""
    if (wrong := _impossible(event)) is not None:
        return Step(node, (wrong,))
    person_id = person_of(event.anchor) if node is None else node.person_id
    identified = Emit(TouchpointIdentified(**_fields(event), person_id=person_id))
    if event.type == kinds.PROBE:
        return Step(None, (identified,))
    if node is None:
        return Step(Node(person_id, event.occurred_at), (_appeared(person_id, event), identified))
    if event.occurred_at < node.first_seen:
        return Step(Node(person_id, event.occurred_at), (identified,))
    return Step(node, (identified,))


def merge(winner: Node | None, loser: Node) -> Step[Node]:
    """The older person stays: first seen first, then the smaller id; so every order of merging gives the same
    person."""
    if winner is None:
        return Step(loser)
    return Step(min(winner, loser, key=lambda node: (node.first_seen, node.person_id)))


def erase(node: Node) -> tuple[Effect, ...]:
    """Nothing is owed to anyone when a node is forgotten."""
    return ()


def _impossible(event: TouchpointRecorded) -> Reject | None:
    """What no gateway lets through, and a producer of somebody else's may write all the same."""
    if not event.anchor:
        return Reject(reasons.INVALID, "is empty", "anchor")
    if not 0 <= event.occurred_at < LATEST_US:
        return Reject(reasons.INVALID, "is before 1970 or after 2100", "occurred_at")
    if event.amount_micros is not None and event.amount_micros < 0:
        return Reject(reasons.INVALID, "is negative", "amount_micros")
    return None


def _appeared(person_id: str, event: TouchpointRecorded) -> Emit:
    return Emit(
        IdentityChanged(
            event_id=derived("identity", APPEARED, person_id),
            occurred_at=event.occurred_at,
            change=APPEARED,
            person_id=person_id,
            identifier=event.anchor,
            source_event_id=event.event_id,
        )
    )


def _fields(event: TouchpointRecorded) -> dict[str, Any]:
    return {name: getattr(event, name) for name in TouchpointRecorded.__struct_fields__}


PROCESSOR = Processor(
    name="identity",
    sources=(TOUCHPOINT_RECORDED,),
    state=Node,
    step=step,
    merge=merge,
    erase=erase,
)
