"""Intake: reads touchpoint-received, writes touchpoint-recorded; keyed by event id. Sales that name an order come back
on order-claimed, keyed by order.

An event is its sender's namespace and id. The first of an id goes on. The same again is dropped, through whatever
gateway and key of the namespace it came. With more identifiers than before it goes on once more, with all of them,
under the source profile that it has, as the next revision: it stays one event for everything downstream, and identity
learns who belongs together. A redemption of points goes on each time: its sender waits for the answer. Another event
under the id is rejected as a conflict, and kept.

Each key depends on the order of one topic alone, so a replay decides the same, and nothing here is transactional.
Events whose id the gateway made (scans among them) do not come here: nobody can send them again.
"""

import msgspec

from processors.intake.orders import claim, order_of
from processors.intake.state import Known
from processors.reference import Reference
from processors.step import Drop, Effect, Emit, Processor, Reject, Step
from schemas import kinds
from schemas.events import OrderClaimed, TouchpointReceived, TouchpointRecorded
from schemas.identifiers.types import is_blocked
from schemas.reasons import DropReason, RejectReason
from schemas.topics import INTAKE_WINDOW_MS, ORDER_CLAIMED, TOUCHPOINT_RECEIVED, TOUCHPOINT_RECORDED

MOST_IDENTIFIERS = 20
"""Of one event, completed or not: as many as the events API takes at once."""
DUPLICATE = Drop(DropReason.DUPLICATE)


def step(known: Known | None, event: TouchpointReceived | OrderClaimed, reference: Reference) -> Step[Known]:
    """Passes on what is new of an event."""
    if isinstance(event, OrderClaimed):
        after, refused = claim(known, event)
        return Step(after, (refused or Emit(_without(event, "order")),))
    if known is None:
        first = tuple(dict.fromkeys((event.primary_identifier, *event.identifiers))) if event.primary_identifier else ()
        return Step(Known(_digest(event), first), (_passed_on(event),))
    if known.content != _digest(event):
        return Step(known, (Reject(RejectReason.CONFLICT, "another event was sent under this id before", "event_id"),))
    # A placeholder more says nothing more.
    more = tuple(one for one in event.identifiers if one not in known.identifiers and not is_blocked(one))
    if not more:
        if event.type != kinds.POINTS_SPENT or not known.identifiers:
            return Step(known, (DUPLICATE,))
        # Whoever sends it again has lost the answer, which the account gives once more.
        again = Known(known.content, known.identifiers, known.revision + 1)
        asked = msgspec.structs.replace(
            event, primary_identifier=known.identifiers[0], identifiers=known.identifiers, revision=again.revision
        )
        return Step(again, (_passed_on(asked),))
    identifiers = known.identifiers + more
    if len(identifiers) > MOST_IDENTIFIERS:
        detail = f"would have more than {MOST_IDENTIFIERS} with those that were sent before"
        return Step(known, (Reject(RejectReason.CONFLICT, detail, "identifiers"),))
    if not known.identifiers:
        identifiers = tuple(dict.fromkeys((event.primary_identifier, *identifiers)))
    after = Known(known.content, identifiers, known.revision + 1)
    completed = msgspec.structs.replace(
        event, primary_identifier=identifiers[0], identifiers=identifiers, revision=after.revision
    )
    return Step(after, (_passed_on(completed),))


def merge(winner: Known | None, loser: Known) -> Step[Known]:
    """What is known belongs to an event, not to a person: it is only ever merged with itself."""
    return Step(winner or loser)


def erase(known: Known) -> tuple[Effect, ...]:
    """Forgetting an event id has no effects."""
    return ()


def _passed_on(event: TouchpointReceived) -> Emit:
    order = order_of(event)
    if not order:
        return Emit(_without(event, "content"))
    fields = msgspec.structs.asdict(event)
    del fields["content"]
    return Emit(OrderClaimed(**fields, order=order))


def _without(event: TouchpointRecorded, field: str) -> TouchpointRecorded:
    fields = msgspec.structs.asdict(event)
    del fields[field]
    return TouchpointRecorded(**fields)


def _digest(event: TouchpointReceived) -> bytes:
    return bytes.fromhex(event.content)


PROCESSOR = Processor(
    name="intake",
    sources=(TOUCHPOINT_RECEIVED, ORDER_CLAIMED),
    emits=(TOUCHPOINT_RECORDED, ORDER_CLAIMED),
    state=Known,
    step=step,
    merge=merge,
    erase=erase,
    reference=(),
    knows_duplicates=True,
    state_kept_ms=INTAKE_WINDOW_MS,
)
