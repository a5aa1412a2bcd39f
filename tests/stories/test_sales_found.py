"""A return finds the sale that it names, whoever brings it and whatever comes first."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from processors.context.core import PROCESSOR as CONTEXT
from processors.rewards.core import PROCESSOR as REWARDS
from schemas.events import Event
from schemas.ids import hash64
from tests.support.builders import build_events, merged, parted, person
from tests.support.harness import Harness
from tests.support.histories import arrivals, lawful, purchases
from tests.support.naive_model import net_of_returns
from tests.support.reference import reference

PEOPLE = ("anna", "ben", "cleo")


def anonymous(event: Any) -> Any:
    return msgspec.structs.replace(event, primary_identifier="", identifiers=(), person_id="", source_profile_id="")


@lawful
@given(st.data())
def test_money_and_points_end_the_same_in_every_order(data: st.DataObject) -> None:
    """Sales and returns of three people, some without a person, at equal times too; two are merged, or were until an
    operator parted them. What travels between people and sales arrives in any order."""
    events = [
        msgspec.structs.replace(event, occurred_at=data.draw(st.integers(1, 3)) * 1_000_000)
        for event in data.draw(purchases(who=PEOPLE))
    ]
    events = [anonymous(e) if e.type == "return" and data.draw(st.booleans()) else e for e in events]
    changes = build_events(merged("ben", into="anna"), *([parted("ben", "anna")] if data.draw(st.booleans()) else []))
    one = {person("anna"), person("ben")} if len(changes) == 1 else {person("anna")}
    expected = _left(events, one)
    for processor in (REWARDS, CONTEXT):
        harness = Harness(processor, reference())
        _arrive(harness, data.draw(arrivals([*events, *changes])), data)
        states = [harness.state(who) for who in PEOPLE if harness.state(who) is not None]
        histories = [
            part.history if processor is REWARDS else part.purchases.recent
            for state in states
            for part in state.parts.values()
            if processor is REWARDS or part.purchases is not None
        ]
        left = {id: sale.left_micros for history in histories for id, sale in history.sales.items()}
        assert left == {hash64(id): micros for id, micros in expected.items()}
        if processor is REWARDS:
            euros = {hash64(e.event_id) for e in events if e.type == "sale" and e.currency == "EUR"}
            points = sum(2 * (micros // 1_000_000) for id, micros in left.items() if id in euros)
            assert sum(state.balance for state in states) == points


def _left(events: list[Any], one: set[str]) -> dict[str, int]:
    """What is left of each sale by the plain rule, person by person."""
    sellers = {event.event_id: event.source_profile_id for event in events if event.type == "sale"}
    by_person: dict[str, list[Any]] = {}
    for event in events:
        profile = sellers.get(event.related_event_id, event.source_profile_id)
        by_person.setdefault("one" if profile in one else profile, []).append(event)
    return {id: left for mine in by_person.values() for id, left in net_of_returns(mine).items()}


def _arrive(harness: Harness, events: list[Event], data: st.DataObject) -> None:
    harness.held = waiting = list[Event]()
    for event in events:
        waiting += [e.event for e in harness.apply(event) if hasattr(e, "event") and hasattr(e.event, "processor")]
        while waiting and data.draw(st.booleans()):
            _next(harness, waiting, data)
    while waiting:
        _next(harness, waiting, data)


def _next(harness: Harness, waiting: list[Event], data: st.DataObject) -> None:
    event = waiting.pop(data.draw(st.integers(0, len(waiting) - 1)))
    waiting += [e.event for e in harness.apply(event) if hasattr(e, "event") and hasattr(e.event, "processor")]
