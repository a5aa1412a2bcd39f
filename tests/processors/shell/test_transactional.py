"""Transactional effects exist together with the state that they follow from, or not at all, on a real Kafka."""

import time
from collections import Counter
from typing import Any

from processors.rewards.state import Account
from schemas.events import Event, IdentityChanged, StateMoved, TouchpointIdentified
from schemas.ids import derived, person_of
from schemas.topics import IDENTITY_CHANGED, PARTITIONS, REWARD_POSTED, STATE_MOVED, TOUCHPOINT_IDENTIFIED
from tests.support.failing_workers import DIES_IN_COMMIT, LOSES_BATCHES
from tests.support.stream_cluster import CODEC, StreamCluster, until

COMMIT_S = 60
"""The longest commit interval that the settings allow."""


class Couples:
    """People of a test, each of whom scans once and is merged into another person."""

    def __init__(self, test: str, count: int) -> None:
        self.losers = [person_of(f"device:{test}-{number}") for number in range(count)]
        self.winners = [person_of(f"loyalty:{test}-{number}") for number in range(count)]

    def scans(self) -> list[Event]:
        return [scan_of(loser, loser) for loser in self.losers]

    def merges(self) -> list[Event]:
        return [_change("merged", one, one, to, 1) for one, to in zip(self.losers, self.winners, strict=True)]

    def late_scans(self) -> list[Event]:
        return [scan_of(loser, loser, "late") for loser in self.losers]

    def splits(self) -> list[Event]:
        return [_change("split", one, was, one, 2) for one, was in zip(self.losers, self.winners, strict=True)]


def scan_of(profile: str, person: str, name: str = "scan") -> TouchpointIdentified:
    return TouchpointIdentified(
        event_id=derived(name, profile),
        occurred_at=1_772_445_600_000_000,
        received_at=1_772_445_600_000_000,
        type="scan",
        source="story",
        primary_identifier="",
        identifiers=(),
        tag="shelf",
        person_id=person,
        source_profile_id=profile,
    )


def _change(change: str, profile: str, was: str, to: str, version: int) -> IdentityChanged:
    return IdentityChanged(
        event_id=derived(change, profile),
        occurred_at=1_772_445_600_000_000,
        change=change,
        person_id=was,
        into_person_id=to,
        source_event_id=derived("scan", profile),
        source_profile_id=profile,
        version=version,
    )


async def transfers(cluster: StreamCluster, couples: Couples, committed: bool) -> Counter[str]:
    """How often a reader gets each transfer of these people."""
    records = await cluster.read(STATE_MOVED.name, committed=committed)
    events: list[StateMoved] = [CODEC.of(STATE_MOVED).decode(record.value) for record in records]
    return Counter(event.event_id for event in events if event.source_profile_id in couples.losers)


async def points(cluster: StreamCluster, people: list[str]) -> list[int]:
    states: dict[str, Any] = await cluster.states("rewards")
    accounts = [states.get(person) for person in people]
    return [account.balance if isinstance(account, Account) else 0 for account in accounts]


async def test_transactional_effects_of_a_killed_worker_are_not_read_and_exist_once_after_it(
    cluster: StreamCluster,
) -> None:
    couples = Couples("killed", 12)
    cluster.start("rewards")
    await cluster.send(couples.scans())
    await cluster.quiet("rewards")
    cluster.stop("rewards")
    await cluster.send(couples.merges())
    dying = cluster.start(
        "rewards", instance="dying", main=DIES_IN_COMMIT, commit_interval_ms="60000", transaction_interval_ms="50"
    )

    async def has_died() -> bool:
        return dying.poll() is not None

    await until(has_died, "the worker to die in its commit")
    assert dying.returncode == 9, cluster.log("dying")
    assert await transfers(cluster, couples, committed=False), "it died before it had written anything"
    cluster.start("rewards", instance="successor")
    await cluster.quiet("rewards")
    seen = await transfers(cluster, couples, committed=True)
    assert len(seen) == len(couples.losers) and set(seen.values()) == {1}
    assert sum((await transfers(cluster, couples, committed=False)).values()) > len(couples.losers)
    assert await points(cluster, couples.winners) == [5] * len(couples.winners)
    assert await points(cluster, couples.losers) == [0] * len(couples.losers)
    cluster.stop("successor")


async def test_people_who_merge_and_split_have_their_own_points_on_both_sides(cluster: StreamCluster) -> None:
    couples = Couples("split", 8)
    cluster.start("rewards", commit_interval_ms=str(COMMIT_S * 1000), transaction_interval_ms="20")
    await cluster.opened("rewards", PARTITIONS)
    await cluster.send([*couples.scans(), *couples.merges(), *couples.late_scans()])
    began = time.monotonic()

    async def are_transferred() -> bool:
        return len(await transfers(cluster, couples, committed=True)) >= len(couples.losers)

    await until(are_transferred, "transactional effects to be committed before the commit interval")
    assert time.monotonic() - began < COMMIT_S, "it waited for the commit interval"
    cluster.stop("rewards")
    cluster.start("rewards", instance="second", transaction_interval_ms="20")
    await cluster.quiet("rewards")
    assert await points(cluster, couples.winners) == [10] * len(couples.winners)
    await cluster.send(couples.splits())
    await cluster.quiet("rewards")
    assert await points(cluster, couples.losers) == [10] * len(couples.losers)
    assert await points(cluster, couples.winners) == [0] * len(couples.winners)
    posted = [event for event in await cluster.events(REWARD_POSTED) if event.source_profile_id in couples.losers]
    assert sum({event.event_id: event.points for event in posted}.values()) == 10 * len(couples.losers)
    cluster.stop("second")


async def test_a_batch_that_is_lost_before_its_partition_processes_it_is_fetched_again(cluster: StreamCluster) -> None:
    """Also of transactional topics, whose offsets have gaps of their own, and before anything was ever committed."""
    couples = Couples("lost", 60)
    await cluster.send([*couples.scans(), *couples.merges()])
    cluster.start("rewards", instance="losing", main=LOSES_BATCHES, batch_rows="4")
    await cluster.quiet("rewards")
    await cluster.send(couples.late_scans())
    await cluster.quiet("rewards")
    cluster.stop("losing")
    for topic in (TOUCHPOINT_IDENTIFIED, IDENTITY_CHANGED, STATE_MOVED):
        assert f"lost a batch of {topic.name}" in cluster.log("losing")
    assert await points(cluster, couples.winners) == [10] * len(couples.winners)
    assert await points(cluster, couples.losers) == [0] * len(couples.losers)
