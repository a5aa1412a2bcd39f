"""People of one test on the street, and what a plain fold of their events gives."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from processors.rewards.core import PROCESSOR as REWARDS
from processors.shell.kept import Active
from processors.step import Emit
from schemas.codec import Codec
from schemas.events import TouchpointIdentified, TouchpointRecorded
from schemas.ids import derived, person_of
from tests.stories.stage import Stage
from tests.stories.world import world

CODEC = Codec()


@dataclass
class Walkers:
    """People of one test, and what they do: made-up touchpoints with ids of the test's own."""

    test: str
    people: int = 200
    made: int = 0

    def anchor(self, number: int) -> str:
        return f"device:{self.test}-{number % self.people}"

    def person(self, number: int) -> str:
        return person_of(self.anchor(number))

    def walk(self, count: int) -> list[Any]:
        """The next events: scans, every tenth a sale, of which every other is returned right after."""
        events = []
        for number in range(self.made, self.made + count):
            step = number % 10
            who = self.anchor(number // 10 * 7 + (step if step < 7 else 7))
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
                    anchor=who,
                    identifiers=(who,),
                    **fields,
                )
            )
        self.made += count
        return events


def expected(events: Sequence[Any]) -> tuple[dict[str, set[bytes]], dict[str, int]]:
    """The ledger and the balances that a plain fold of the events gives."""
    stage = Stage(REWARDS, world())
    entries: dict[str, set[bytes]] = {}
    for event in {event.event_id: event for event in events}.values():
        fields = {name: getattr(event, name) for name in event.__struct_fields__}
        person = person_of(event.anchor)
        for effect in stage.hears(TouchpointIdentified(**fields, person_id=person, own_person_id=person)):
            assert isinstance(effect, Emit)
            entries[effect.event.event_id] = {CODEC.record(effect.event)[2]}
    balances = {key: kept.state.balance for key, kept in stage.kept.items() if isinstance(kept, Active)}
    return entries, balances
