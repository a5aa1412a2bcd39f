"""The situation of a scan: everything that a decision may depend on, published with the decision as its inputs."""

from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from processors.context.history import History
from processors.context.state import VISIT_GAP_US, VisitorPart, is_in_store
from processors.experiments.assignment import Assignment
from processors.profiling.next_question import QuestionCandidate
from processors.reference import Reference
from schemas.brand.model import Tag
from schemas.brand.opening import Hours, hours_of, is_open
from schemas.events import TouchpointIdentified


class Situation(msgspec.Struct, frozen=True, gc=False):
    """``local_time`` is the store's own (ISO 8601); ``open`` and ``stock`` are None where nothing is known;
    ``history`` is set when a route has a condition on purchases, ``held_out`` when the brand has a hold-out.

    ``consent`` says why the visitor's history counts or does not (``schemas.consent.permission.Why``: granted and
    opt_out let it count), when the brand has the purpose personalisation or the visitor said anything of it.
    ``counted_only`` is set when they do not allow analytics: the sink stores the decision without them.
    ``trust`` is set where the gateway looked at the scan (``schemas.trust.score``).
    ``language`` is the phone's, of those that the brand has, when it has several. ``experiments`` has the visitor's
    variant, or why there is none, of each experiment on which a route depends. ``inputs`` has the values of what the
    routes' expressions read, as far as they are known; ``at`` is the time of the scan (microseconds) where a route has
    a schedule, ``answered_lately`` the routes that may not answer the person again so soon. ``questions`` has
    those that the page of the answer could ask, where the brand has some."""

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
    consent: str | msgspec.UnsetType = msgspec.UNSET
    counted_only: bool | msgspec.UnsetType = msgspec.UNSET
    language: str | msgspec.UnsetType = msgspec.UNSET
    trust: int | msgspec.UnsetType = msgspec.UNSET
    experiments: tuple[Assignment, ...] | msgspec.UnsetType = msgspec.UNSET
    inputs: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    at: int | msgspec.UnsetType = msgspec.UNSET
    answered_lately: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    questions: tuple[QuestionCandidate, ...] | msgspec.UnsetType = msgspec.UNSET

    @property
    def variants(self) -> dict[str, str]:
        """The visitor's variant of each experiment that they take part in."""
        if isinstance(self.experiments, msgspec.UnsetType):
            return {}
        return {one.id: one.variant for one in self.experiments if one.variant}


def gather(
    visitor: VisitorPart,
    event: TouchpointIdentified,
    tag: Tag,
    reference: Reference,
    history: History | msgspec.UnsetType = msgspec.UNSET,
    held_out: bool | msgspec.UnsetType = msgspec.UNSET,
    consent: str | msgspec.UnsetType = msgspec.UNSET,
    counted_only: bool | msgspec.UnsetType = msgspec.UNSET,
) -> Situation:
    """The situation of a scan. ``visitor`` is the state that includes this event. Whoever scans a tag that is not in a
    store counts as in the store where their last touch was, if that was within the visit gap."""
    store = reference.brand.stores.get(event.store)
    product = reference.brand.products.get(event.product)
    local_time, open_now = None, None
    if store is not None:
        minute, second = divmod(event.occurred_at // 1_000_000, 60)
        clock, offset, open_now = _clock(hours_of(store, reference.brand.about.country), minute)
        local_time = f"{clock}:{second:02}{offset}"
    return Situation(
        type=event.type,
        placement=tag.placement,
        tag=event.tag,
        store=event.store,
        product=event.product,
        category=product.category if product else "",
        local_time=local_time,
        open=open_now,
        in_store=_in_store(visitor, event),
        stock=reference.stock.get((event.store, event.product)),
        visits=visitor.visits,
        bought=event.product in visitor.bought,
        history=history,
        held_out=held_out,
        consent=consent,
        counted_only=counted_only,
        trust=event.trust if event.trust is not None else msgspec.UNSET,
        language=event.language if reference.brand.about.languages else msgspec.UNSET,
    )


def _in_store(visitor: VisitorPart, event: TouchpointIdentified) -> bool:
    return is_in_store(event) or (bool(visitor.store) and 0 <= event.occurred_at - visitor.last_seen <= VISIT_GAP_US)


@lru_cache(maxsize=4096)
def _clock(hours: Hours, minute: int) -> tuple[str, str, bool | None]:
    """The wall clock of a minute (since 1970, UTC) and its offset, as parts of an ISO 8601 time, and whether the store
    is open, None where that is unknown: opening hours have no seconds, and since 1972 no zone's offset has any (tz
    database)."""
    local = datetime.fromtimestamp(minute * 60, _zone(hours.time_zone))
    text = local.isoformat(timespec="minutes")
    return text[:16], text[16:], is_open(hours, local.replace(tzinfo=None))


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
