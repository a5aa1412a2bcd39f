"""Where the sale is that a return names: a meeting point of both, keyed by the sale.

A return may be brought by anybody: another account, a till without a card, or somebody who will turn out to be the
buyer. So each sale, and each return that names one, sends a SaleReferenced to the key of the sale. What comes first
waits there; once both are known, SaleReturned takes the return to the source profile that bought, whose person context
and rewards then book it on, wherever merges and splits have moved it by then.
"""

import msgspec

from processors.parts import source_profile_of
from processors.step import PURGE, Effect, Emit
from schemas.events import SaleReferenced, SaleReturned, TouchpointIdentified
from schemas.ids import derived


class Reference(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Of one sale: whose it is, empty while the sale is not known, and the returns that wait for it, by event id.
    ``forgotten``: its source profile is erased, or nothing can be taken back of it; nothing else is kept."""

    person_id: str = ""
    source_profile_id: str = ""
    returns: dict[str, SaleReferenced] = {}
    forgotten: bool = False


NOTHING = Reference()
FORGOTTEN = Reference(forgotten=True)


def refer(event: TouchpointIdentified) -> Emit:
    """What a sale, or a return that names one, sends to the key of the sale."""
    is_return = bool(event.related_event_id)
    referenced = SaleReferenced(
        event_id=derived("sale referenced", event.event_id),
        occurred_at=event.occurred_at,
        sale_event_id=event.related_event_id or event.event_id,
        return_event_id=event.event_id if is_return else "",
        person_id="" if is_return else event.person_id,
        source_profile_id="" if is_return else source_profile_of(event),
        amount_micros=(event.amount_micros or 0) if is_return else 0,
        currency=event.currency if is_return else "",
    )
    return Emit(referenced, transactional=True)


def forget(sale_event_id: str, occurred_at: int) -> Emit:
    """What the erasure of its source profile sends to the key of a sale: a sale of nobody."""
    referenced = SaleReferenced(
        event_id=_forgotten_id(sale_event_id), occurred_at=occurred_at, sale_event_id=sale_event_id
    )
    return Emit(referenced, transactional=True)


def close(sale_event_id: str, occurred_at: int) -> Emit:
    """What is sent to the key of a sale of which nothing can be taken back any more: whose it is does not matter."""
    referenced = SaleReferenced(
        event_id=_closed_id(sale_event_id), occurred_at=occurred_at, sale_event_id=sale_event_id
    )
    return Emit(referenced, transactional=True)


def _closed_id(sale_event_id: str) -> str:
    return derived("sale closed", sale_event_id)


def _forgotten_id(sale_event_id: str) -> str:
    return derived("sale forgotten", sale_event_id)


def meet(known: Reference, event: SaleReferenced) -> tuple[Reference, tuple[Effect, ...]]:
    """The reference once the sale or the return has arrived, and the returns that found their sale."""
    if known.forgotten:
        return known, ()
    if not event.return_event_id:
        if event.event_id == _forgotten_id(event.sale_event_id):
            return FORGOTTEN, (PURGE,)
        if event.event_id == _closed_id(event.sale_event_id):
            return FORGOTTEN, ()
        if known.source_profile_id:
            return known, ()
        found = Reference(event.person_id, event.source_profile_id)
        return found, tuple(_return_of(found, back) for _, back in sorted(known.returns.items()))
    if known.source_profile_id:
        return known, (_return_of(known, event),)
    return msgspec.structs.replace(known, returns=known.returns | {event.return_event_id: event}), ()


def _return_of(sale: Reference, back: SaleReferenced) -> Emit:
    returned = SaleReturned(
        event_id=derived("sale returned", back.return_event_id),
        occurred_at=back.occurred_at,
        sale_event_id=back.sale_event_id,
        return_event_id=back.return_event_id,
        amount_micros=back.amount_micros,
        currency=back.currency,
        person_id=sale.person_id,
        source_profile_id=sale.source_profile_id,
    )
    return Emit(returned, transactional=True)
