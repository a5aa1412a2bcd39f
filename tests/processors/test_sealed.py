"""What is sealed is there together with the state that it follows from, or not at all, on a real Kafka."""

import time
from collections import Counter
from typing import Any

from processors.rewards.state import Account
from schemas.events import Event, IdentityChanged, StateMoved, TouchpointIdentified
from schemas.ids import derived, person_of
from schemas.topics import IDENTITY_CHANGED, PARTITIONS, REWARD_POSTED, STATE_MOVED, TOUCHPOINT_IDENTIFIED
from tests.processors.street import CODEC, MAIN, Street, until

DYING = f"""
import os
from aiokafka import AIOKafkaProducer
async def die(*_, **__):
    os._exit(9)
AIOKafkaProducer.send_offsets_to_transaction = die
{MAIN}
"""
"""A worker that is killed once all that its first transaction writes is in Kafka's logs, before it is committed."""
LOSING = f"""
from collections import Counter
from processors.shell.consumer import RunScheduler
from processors.worker import log
iterate, came = RunScheduler.iterate, Counter()
def lose(self, fetched):
    for place, run in iterate(self, fetched):
        came[place] += 1
        if came[place] in (1, 3):
            log.warning("lost of %s", place.topic)
        else:
            yield place, run
RunScheduler.iterate = lose
{MAIN}
"""
"""A worker in which the first run of each topic and partition never comes to who takes it, nor does the third."""
FEW_S = 2.0


class Couples:
    """People of a test, each of whom scans once and turns out to be somebody else."""

    def __init__(self, test: str, count: int) -> None:
        self.losers = [person_of(f"device:{test}-{number}") for number in range(count)]
        self.winners = [person_of(f"loyalty:{test}-{number}") for number in range(count)]

    def scans(self) -> list[Event]:
        return [_scan(own, own) for own in self.losers]

    def merges(self) -> list[Event]:
        return [_news("merged", own, own, to, 1) for own, to in zip(self.losers, self.winners, strict=True)]

    def late(self) -> list[Event]:
        return [_scan(own, own, "late") for own in self.losers]

    def splits(self) -> list[Event]:
        return [_news("split", own, was, own, 2) for own, was in zip(self.losers, self.winners, strict=True)]


def _scan(own: str, known_as: str, name: str = "scan") -> TouchpointIdentified:
    return TouchpointIdentified(
        event_id=derived(name, own),
        occurred_at=1_772_445_600_000_000,
        received_at=1_772_445_600_000_000,
        type="scan",
        source="story",
        anchor="",
        identifiers=(),
        tag="shelf",
        person_id=known_as,
        own_person_id=own,
    )


def _news(change: str, own: str, was: str, to: str, version: int) -> IdentityChanged:
    return IdentityChanged(
        event_id=derived(change, own),
        occurred_at=1_772_445_600_000_000,
        change=change,
        person_id=was,
        into_person_id=to,
        source_event_id=derived("scan", own),
        own_person_id=own,
        version=version,
    )


async def moved(street: Street, couples: Couples, committed: bool) -> Counter[str]:
    """How often each parcel of these people is there for a reader."""
    records = await street.read(STATE_MOVED.name, committed=committed)
    events: list[StateMoved] = [CODEC.of(STATE_MOVED).decode(record.value) for record in records]
    return Counter(event.event_id for event in events if event.own_person_id in couples.losers)


async def points(street: Street, people: list[str]) -> list[int]:
    states: dict[str, Any] = await street.states("rewards")
    accounts = [states.get(person) for person in people]
    return [account.balance if isinstance(account, Account) else 0 for account in accounts]


async def test_what_a_killed_worker_sealed_is_never_seen_and_there_once_after_it(street: Street) -> None:
    couples = Couples("killed", 12)
    street.start("rewards")
    await street.send(couples.scans())
    await street.quiet("rewards")
    street.stop("rewards")
    await street.send(couples.merges())
    dying = street.start("rewards", instance="dying", main=DYING, commit_interval_ms="60000", seal_ms="50")

    async def has_died() -> bool:
        return dying.poll() is not None

    await until(has_died, 30, "the worker to die in its commit")
    assert dying.returncode == 9, street.log("dying")
    assert await moved(street, couples, committed=False), "it died before it had written anything"
    street.start("rewards", instance="heir")
    await street.quiet("rewards")
    seen = await moved(street, couples, committed=True)
    assert len(seen) == len(couples.losers) and set(seen.values()) == {1}
    assert sum((await moved(street, couples, committed=False)).values()) > len(couples.losers)
    assert await points(street, couples.winners) == [5] * len(couples.winners)
    assert await points(street, couples.losers) == [0] * len(couples.losers)
    street.stop("heir")


async def test_who_merges_and_parts_has_what_is_theirs_on_both_sides(street: Street) -> None:
    couples = Couples("parted", 8)
    street.start("rewards", commit_interval_ms="60000", seal_ms="20")
    await street.opened("rewards", PARTITIONS)
    await street.send([*couples.scans(), *couples.merges(), *couples.late()])
    began = time.monotonic()

    async def is_moved(count: int, *, more: int = 0) -> bool:
        return len(await moved(street, couples, committed=True)) >= count + more

    await until(lambda: is_moved(len(couples.losers)), FEW_S, "what is sealed to be there long before a commit is due")
    assert time.monotonic() - began < FEW_S
    street.stop("rewards")
    street.start("rewards", instance="second", seal_ms="20")
    await street.quiet("rewards")
    assert await points(street, couples.winners) == [10] * len(couples.winners)
    await street.send(couples.splits())
    await street.quiet("rewards")
    assert await points(street, couples.losers) == [10] * len(couples.losers)
    assert await points(street, couples.winners) == [0] * len(couples.winners)
    paid = [event for event in await street.events(REWARD_POSTED) if event.own_person_id in couples.losers]
    assert sum({event.event_id: event.points for event in paid}.values()) == 10 * len(couples.losers)
    street.stop("second")


async def test_a_run_that_is_lost_before_its_partition_takes_it_is_fetched_again(street: Street) -> None:
    """Also of sealed topics, whose offsets have gaps of their own, and before anything was ever committed."""
    couples = Couples("lost", 60)
    await street.send([*couples.scans(), *couples.merges()])
    street.start("rewards", instance="losing", main=LOSING, batch_rows="4")
    await street.quiet("rewards")
    await street.send(couples.late())
    await street.quiet("rewards")
    street.stop("losing")
    for topic in (TOUCHPOINT_IDENTIFIED, IDENTITY_CHANGED, STATE_MOVED):
        assert f"lost of {topic.name}" in street.log("losing")
    assert await points(street, couples.winners) == [10] * len(couples.winners)
    assert await points(street, couples.losers) == [0] * len(couples.losers)
