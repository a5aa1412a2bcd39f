"""Touchpoints of the people of one test, and the effects and states that a plain fold of them gives."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from processors.rewards.core import PROCESSOR as REWARDS
from processors.shell.state.records import Active
from processors.step import Emit
from schemas.codec.avro import Codec
from schemas.events import TouchpointIdentified, TouchpointRecorded
from schemas.ids import derived, person_of
from tests.support.harness import Harness
from tests.support.reference import reference

CODEC = Codec()


@dataclass
class EventStream:
    """An endless stream of touchpoints with event ids and people of the test's own, so that tests can share a broker.

    :param test: part of every id. :param people: how many.
    """

    test: str
    people: int = 200
    made: int = 0

    def primary_identifier(self, number: int) -> str:
        return f"device:{self.test}-{number % self.people}"

    def person(self, number: int) -> str:
        return person_of(self.primary_identifier(number))

    def take(self, count: int) -> list[Any]:
        """The next events: scans, every tenth a sale, every other sale followed by its return."""
        events = []
        for number in range(self.made, self.made + count):
            step = number % 10
            who = self.primary_identifier(number // 10 * 7 + (step if step < 7 else 7))
            fields: dict[str, Any] = {
                "type": "scan",
                "tag": "shelf",
                "store": "mitte",
                "placement": "shelf",
                "product": "KB-1",
            }
            if step == 8:
                fields = {
                    "type": "sale",
                    "amount_micros": (number % 90 + 1) * 1_500_000,
                    "currency": "EUR",
                    "store": "mitte",
                }
            if step == 9 and number % 20 == 9:
                fields = {
                    "type": "return",
                    "amount_micros": number % 50 * 1_000_000,
                    "currency": "EUR",
                    "related_event_id": derived(self.test, str(number - 1)),
                }
            events.append(
                TouchpointRecorded(
                    event_id=derived(self.test, str(number)),
                    occurred_at=1_772_445_600_000_000 + number * 1_000_000,
                    received_at=1_772_445_600_000_000,
                    source=self.test,
                    primary_identifier=who,
                    identifiers=(who,),
                    **fields,
                )
            )
        self.made += count
        return events


def expected(events: Sequence[Any]) -> tuple[dict[str, set[bytes]], dict[str, int]]:
    """Ledger entries by event id, and balances by person, that a plain fold of the events gives."""
    harness = Harness(REWARDS, reference())
    entries: dict[str, set[bytes]] = {}
    for event in {event.event_id: event for event in events}.values():
        fields = {name: getattr(event, name) for name in event.__struct_fields__}
        person = person_of(event.primary_identifier)
        for effect in harness.apply(TouchpointIdentified(**fields, person_id=person, source_profile_id=person)):
            assert isinstance(effect, Emit)
            entries[effect.event.event_id] = {CODEC.record(effect.event)[2]}
    balances = {key: record.state.balance for key, record in harness.records.items() if isinstance(record, Active)}
    return entries, balances
