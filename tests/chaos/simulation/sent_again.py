"""The scenario of intake: senders repeat events, with other identifiers and contents, through several gateways, and
some sell one order under two ids."""

import random
from collections import Counter, defaultdict
from typing import Any

from processors.intake import core as intake
from schemas.events import EventRejected, TouchpointReceived, TouchpointRecorded
from schemas.identifiers.types import strongest
from schemas.ids import derived
from schemas.topics import BY_NAME, TOUCHPOINT_RECORDED
from tests.chaos.simulation.case import Case, Outcome
from tests.chaos.simulation.scenarios import Scenario, faults
from tests.chaos.simulation.wiring import CODEC
from tests.support.builders import MONDAY_TEN
from tests.support.workload import Workload

NOON_US = round(MONDAY_TEN.timestamp() * 1e6)
EVENTS, LONG_EVENTS, LONG_EVERY = 14, 80, 25
CONTENTS = ("1" * 32, "2" * 32)
KINDS = ("customer", "loyalty", "email", "device")


class SentAgain(Scenario):
    """Its history is that of a seed."""

    def case(self, seed: int) -> Case:
        history = sendings(seed, LONG_EVENTS if seed % LONG_EVERY == 0 else EVENTS)
        return Case(seed, history, faults(random.Random(f"faults {seed}"), len(history)))


def sending(id: str, shown: str, content: str = CONTENTS[0], order: str = "") -> TouchpointReceived:
    """A sale that is sent, perhaps not for the first time. :param shown: initials of ``KINDS``."""
    identifiers = tuple(f"{kind}:{derived('hash', id.partition('/')[0], kind)}" for kind in KINDS if kind[0] in shown)
    return TouchpointReceived(
        event_id=id,
        type="sale",
        occurred_at=NOON_US,
        received_at=NOON_US,
        source="till",
        primary_identifier=strongest(identifiers) if identifiers else "",
        identifiers=identifiers,
        amount_micros=33_000_000,
        currency="EUR",
        properties=f'{{"order_id":"{order}"}}' if order else "{}",
        content=content,
    )


def sendings(seed: int, count: int) -> tuple[TouchpointReceived, ...]:
    """Sales of two namespaces, most of them sent several times; every third id is one of two of an order."""
    rng = random.Random(f"sent again {seed}")
    events = []
    for _ in range(count):
        number = rng.randrange(max(3, count // 5))
        shown = "".join(rng.sample("cled", rng.randint(0, 3)))
        order = f"A-{number // 6}" if number % 3 == 0 else ""
        id = f"{rng.choice(('tills', 'web'))}/{number}"
        events.append(sending(id, shown + "c" * bool(order), rng.choices(CONTENTS, (7, 1))[0], order))
    return tuple(events)


def one_event_each(processor: Any, history: tuple[TouchpointReceived, ...]) -> Any:
    """Each id goes on with the content that came first and with all identifiers of it, once for each time that they
    grew; of the ids of one order one goes on; all else is rejected, once for each record."""
    content: dict[str, str] = {}
    shown: dict[str, list[set[str]]] = defaultdict(list)
    conflicts: Counter[str] = Counter()
    orders: dict[tuple[str, str], set[str]] = defaultdict(set)
    for event in history:
        id = event.event_id
        if content.setdefault(id, event.content) != event.content:
            conflicts[id] += 1
            continue
        before = shown[id][-1] if shown[id] else set()
        if not shown[id] or not before >= set(event.identifiers):
            shown[id].append(before | set(event.identifiers))
        if event.properties != "{}":
            orders[id.partition("/")[0], event.properties].add(id)

    def check(outcome: Outcome) -> None:
        found: dict[tuple[str, int], set[TouchpointRecorded]] = defaultdict(set)
        for topic, _, _, value in outcome.published:
            if topic == TOUCHPOINT_RECORDED.name:
                event = CODEC.of(BY_NAME[topic]).decode(value)
                found[event.event_id, event.revision].add(event)
        several = [one for one, contents in found.items() if len(contents) > 1]
        assert not several, f"one revision, several contents: {several}"
        passed = {id for id, _ in found}
        lost = {id for ids in orders.values() for id in ids} - passed
        for ids in orders.values():
            assert len(ids & passed) == 1, f"of {sorted(ids)} went on: {sorted(ids & passed)}"
        for id in shown.keys() - lost:
            revisions = [found.pop((id, number), set()) for number in range(len(shown[id]))]
            got = [set(event.identifiers) for events in revisions for event in events]
            assert got == shown[id], f"{id}: {got}, not {shown[id]}"
            profiles = {event.primary_identifier for events in revisions for event in events} - {""}
            assert len(profiles) <= 1, f"{id} is of several source profiles: {sorted(profiles)}"
        assert not found, f"went on too often: {sorted(found)}"
        rejects = [event for event in outcome.events.values() if isinstance(event, EventRejected)]
        assert {event.reason for event in rejects} <= {"conflict"}
        expected = conflicts + Counter({id: len(shown[id]) for id in lost})
        assert Counter(event.source_event_id for event in rejects) == expected

    return check


SENT_AGAIN = SentAgain("intake", intake, Workload(), one_event_each)
