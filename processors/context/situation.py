"""The situation of a scan: everything that a decision may look at, gathered once and kept with the decision."""

from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec
from opening_hours import OpeningHours

from processors.context.history import History
from processors.context.state import VISIT_GAP_US, Part, is_in_store
from processors.world import World
from schemas.brand.model import Tag
from schemas.events import TouchpointIdentified


class Situation(msgspec.Struct, frozen=True, gc=False):
    """``local_time`` is the store's own (ISO 8601); ``open`` and ``stock`` are None where nothing is known;
    ``history`` is there when any route asks for it, ``held_out`` when the brand has a hold-out."""

    type: str
    placement: str
    tag: str
    store: str
    product: str
    category: str
    local_time: str | None
    open: bool | None
    in_store: bool
    stock: int | None
    visits: int
    bought: bool
    history: History | msgspec.UnsetType = msgspec.UNSET
    held_out: bool | msgspec.UnsetType = msgspec.UNSET


def gather(
    visitor: Part,
    event: TouchpointIdentified,
    tag: Tag,
    world: World,
    history: History | msgspec.UnsetType = msgspec.UNSET,
    held_out: bool | msgspec.UnsetType = msgspec.UNSET,
) -> Situation:
    """``visitor`` as they are with this event. Somebody without a store tag in hand counts as in the store that they
    were seen in within the visit gap."""
    store = world.brand.stores.get(event.store)
    product = world.brand.products.get(event.product)
    local_time, is_open = None, None
    if store is not None:
        minute, second = divmod(event.occurred_at // 1_000_000, 60)
        clock, offset, is_open = _clock(store.time_zone, store.hours, minute)
        local_time = f"{clock}:{second:02}{offset}"
    return Situation(
        type=event.type,
        placement=tag.placement,
        tag=event.tag,
        store=event.store,
        product=event.product,
        category=product.category if product else "",
        local_time=local_time,
        open=is_open,
        in_store=_in_store(visitor, event),
        stock=world.stock.get((event.store, event.product)),
        visits=visitor.visits,
        bought=event.product in visitor.bought,
        history=history,
        held_out=held_out,
    )


def _in_store(visitor: Part, event: TouchpointIdentified) -> bool:
    return is_in_store(event) or (bool(visitor.store) and 0 <= event.occurred_at - visitor.last_seen <= VISIT_GAP_US)


@lru_cache(maxsize=4096)
def _clock(time_zone: str, hours: str, minute: int) -> tuple[str, str, bool]:
    """The wall clock of a minute (since 1970, UTC) and its offset, as parts of an ISO 8601 time, and whether the store
    is open: opening hours have no seconds, and since 1972 no zone's offset has any (tz database)."""
    local = datetime.fromtimestamp(minute * 60, _zone(time_zone))
    text = local.isoformat(timespec="minutes")
    return text[:16], text[16:], _hours(hours).is_open(local.replace(tzinfo=None))


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@lru_cache(maxsize=1024)
def _hours(text: str) -> OpeningHours:
    return OpeningHours(text)
