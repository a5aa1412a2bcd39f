"""Stories as the tables have them: what identity says is given, all else is what the cores make of it."""

from collections.abc import Iterable

import msgspec

from processors.consent.core import PROCESSOR as CONSENT
from processors.context.core import PROCESSOR as CONTEXT
from processors.reference import Reference
from processors.rewards.core import PROCESSOR as REWARDS
from processors.step import Emit
from schemas.brand.items import events_of
from schemas.brand.model import Brand
from schemas.events import (
    ConsentChanged,
    Event,
    IdentityChanged,
    RewardPosted,
    ScanRouted,
    TouchpointIdentified,
    TouchpointRecorded,
)
from schemas.topics import BY_EVENT
from tests.support.builders import EventSpec, build_events
from tests.support.harness import Harness
from tests.support.sink_store import Store

STORED = (ScanRouted, RewardPosted, ConsentChanged)


def put_story(store: Store, where: Reference, *specs: EventSpec) -> list[Event]:
    """Stores what happened and everything that follows from it; gives the events that happened."""
    return put_events(store, where, build_events(*specs))


def put_events(store: Store, where: Reference, events: list[Event], inputs: str = "") -> list[Event]:
    """The same of events that are there already. :param inputs: what the rows of decisions have in place of theirs."""
    touches = [event for event in events if isinstance(event, TouchpointIdentified)]
    names = TouchpointRecorded.__struct_fields__
    store.put(TouchpointRecorded(**{name: getattr(event, name) for name in names}) for event in touches)
    store.put(touches)
    store.put(event for event in events if isinstance(event, IdentityChanged))
    for followed in _followed(where, events):
        rows = [copied(one, inputs=inputs) if inputs and isinstance(one, ScanRouted) else one for one in followed]
        store.put(rows)
    return events


def put_brand(store: Store, brand: Brand, at: int, before: Brand | None = None) -> None:
    """Stores that a brand was applied. :param before: the one that was live until then."""
    held = {}
    if before is not None:
        for event in events_of(before, 0, {}):
            held[f"{event.kind}/{event.id}"] = (event.version, event.body)
    store.put(events_of(brand, at, held))


def _followed(where: Reference, events: Iterable[Event]) -> Iterable[list[Event]]:
    """What the processors emit, a list of each kind."""
    given = list(events)
    for processor in (CONTEXT, REWARDS, CONSENT):
        harness = Harness(processor, where)
        taken = [event for event in given if BY_EVENT[type(event)] in processor.sources]
        found = []
        for event in taken:
            effects = harness.apply(event)
            effects += harness.deliver(effects)
            found += [effect.event for effect in effects if isinstance(effect, Emit)]
        for kind in STORED:
            yield [event for event in found if isinstance(event, kind)]


def copied(event: Event, **fields: object) -> Event:
    """An event with other values of some fields."""
    return msgspec.structs.replace(event, **fields)
