"""Orders: one sale that its sender sent under two event ids.

An order is known by its number within one store and namespace, since tills count for themselves. The same number alone
proves nothing: tills of one store may count alike, and an order may be paid in parts. A sale is taken for one that was
sent before when everything that it states is the same but for id and time, one person at least is the same, and no day
lies between. Such a sale is rejected as a conflict and kept; all others count.
"""

import msgspec

from processors.intake.state import Known, OrderSale
from processors.step import Drop, Reject
from schemas import kinds
from schemas.events import OrderClaimed, TouchpointReceived
from schemas.identifiers.placeholders import is_placeholder
from schemas.identifiers.types import is_blocked
from schemas.ids import derived, hash64, namespace_of
from schemas.reasons import DropReason, RejectReason
from schemas.topics import DAY_US

SALES_KEPT = 8
"""Sales of one order that are remembered: it may be paid in parts."""


class _Order(msgspec.Struct):
    order_id: str | int | None = None


_decode = msgspec.json.Decoder(_Order, strict=True).decode
_encode = msgspec.json.Encoder().encode


def order_of(event: TouchpointReceived) -> str:
    """The order of a sale, as a hash; empty where it names none."""
    if event.type != kinds.SALE or '"order_id"' not in event.properties:
        return ""
    try:
        number = _decode(event.properties).order_id
    except msgspec.DecodeError:
        return ""
    if number is None or is_placeholder("order", str(number)):
        return ""
    return derived("order", namespace_of(event.event_id), event.store, str(number))


def claim(before: Known | None, event: OrderClaimed) -> tuple[Known, Reject | Drop | None]:
    """The order once the sale has claimed it, and why the sale does not go on: it did before, or was sent before under
    another id."""
    known = before or Known()
    own = next((sale for sale in known.sales if sale.event_id == event.event_id), None)
    if own is not None and own.revision >= event.revision:
        return known, Drop(DropReason.DUPLICATE)
    others = tuple(sale for sale in known.sales if sale is not own)
    this = OrderSale(event.event_id, event.occurred_at, _content(event), _real(event), event.revision)
    if own.refused if own is not None else any(_is_same(sale, this) for sale in others):
        this = msgspec.structs.replace(this, refused=True)
    after = Known(sales=(*others, this)[-SALES_KEPT:])
    if not this.refused:
        return after, None
    detail = "its order was sent before, under another id"
    return after, Reject(RejectReason.CONFLICT, detail, "properties.order_id")


def _is_same(one: OrderSale, other: OrderSale) -> bool:
    return (
        not one.refused
        and one.content == other.content
        and abs(one.occurred_at - other.occurred_at) < DAY_US
        and not set(one.identifiers).isdisjoint(other.identifiers)
    )


def _content(event: OrderClaimed) -> int:
    names = (event.brand, event.tag, event.placement, event.zone, event.product, event.campaign, event.channel)
    money = (event.amount_micros, event.currency, event.lines)
    return hash64(_encode((names, money, event.properties)).decode())


def _real(event: OrderClaimed) -> tuple[str, ...]:
    return tuple(one for one in event.identifiers if not is_blocked(one))
