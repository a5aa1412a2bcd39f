"""Timers on a real Kafka: each is done once and not before its time, whatever dies, sleeps, moves or shows another
time; and with everything that happened before, also where nobody was there to see it."""

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError

from deploy.setup.topics import apply
from processors.shell.state.changelog import WATERMARK
from processors.shell.state.records import Active, StateRecordCodec
from schemas.events import (
    EventRejected,
    IdentityChanged,
    RewardPosted,
    TouchpointIdentified,
    TouchpointRecorded,
)
from schemas.ids import derived, person_of
from schemas.topics import EVENT_REJECTED, PARTITIONS, REWARD_POSTED, changelog
from tests.support.reminders import PROCESSOR, RULE
from tests.support.servers import KafkaServer, start_kafka
from tests.support.stream_cluster import CODEC, MAIN, StreamCluster, stream_cluster_on, until

REMINDERS = f"""
import processors.worker
from tests.support import reminders
processors.worker.PROCESSORS = {{"reminders": reminders.WITHOUT_RETURNS}}
{MAIN}
"""
POISONED = f"""
from dataclasses import replace
from tests.support import reminders
due = reminders.PROCESSOR.due
def due_or_raise(people, at, reference):
    if any("poison" in id for part in people.parts.values() for id in part.pending):
        raise ZeroDivisionError("data of the state")
    return due(people, at, reference)
reminders.WITHOUT_RETURNS = replace(reminders.WITHOUT_RETURNS, due=due_or_raise)
{REMINDERS}
"""
SECOND_US = 1_000_000


@pytest.fixture(scope="module")
def own_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    """Timers wait for the processors upstream, which other tests leave behind."""
    server = start_kafka(tmp_path_factory.mktemp("timers-kafka"))
    apply(server.bootstrap)
    yield server
    server.stop()


@pytest.fixture
async def reminding(own_broker: KafkaServer, tmp_path: Path) -> AsyncIterator[StreamCluster]:
    """A cluster with the changelog of the reminders."""
    admin = AIOKafkaAdminClient(bootstrap_servers=own_broker.bootstrap)
    await admin.start()
    configs = {"cleanup.policy": "compact", "message.timestamp.type": "LogAppendTime"}
    with suppress(TopicAlreadyExistsError):
        await admin.create_topics([NewTopic(changelog("reminders"), PARTITIONS, 1, topic_configs=configs)])
    await admin.close()
    async with stream_cluster_on(own_broker, tmp_path) as cluster:
        yield cluster


def _now() -> int:
    return time.time_ns() // 1000


def _touch(test: str, number: int, delay_s: float) -> TouchpointIdentified:
    who = person_of(f"device:{test}-{number}")
    return TouchpointIdentified(
        event_id=f"{test}-{number}",
        occurred_at=_now(),
        received_at=_now(),
        type="scan",
        source="story",
        primary_identifier="",
        identifiers=(),
        amount_micros=round(delay_s * SECOND_US),
        person_id=who,
        source_profile_id=who,
    )


def _sale_after(touch: TouchpointIdentified) -> TouchpointIdentified:
    fields: dict[str, Any] = {name: getattr(touch, name) for name in touch.__struct_fields__}
    changed = {"event_id": f"{touch.event_id}-sale", "type": "sale", "amount_micros": None}
    return TouchpointIdentified(**fields | changed | {"occurred_at": touch.occurred_at + 1})


async def _reminders(cluster: StreamCluster, test: str) -> list[tuple[RewardPosted, int]]:
    """Each that is committed, with the time (microseconds) at which Kafka took it."""
    found = []
    for record in await cluster.read(REWARD_POSTED.name, committed=True):
        event = CODEC.of(REWARD_POSTED).decode(record.value)
        if event.rule == RULE and event.source_event_id.startswith(f"{test}-"):
            found.append((event, record.timestamp * 1000))
    return found


async def _all_come(cluster: StreamCluster, test: str, touches: Sequence[TouchpointIdentified]) -> None:
    """Waits until as many reminders are there as touchpoints; then each is there once, at its time and not before."""

    async def are_there() -> bool:
        return len(await _reminders(cluster, test)) >= len(touches)

    await until(are_there, "all reminders", cluster.logs)
    found = await _reminders(cluster, test)
    assert Counter(event.source_event_id for event, _ in found) == Counter(touch.event_id for touch in touches)
    due = {touch.event_id: touch.occurred_at + (touch.amount_micros or 0) for touch in touches}
    assert {event.source_event_id: event.occurred_at for event, _ in found} == due
    early = [event.source_event_id for event, taken in found if taken < event.occurred_at // 1000 * 1000]
    assert not early, f"came before their time: {early}"


async def test_each_is_done_once_whatever_dies(reminding: StreamCluster) -> None:
    touches = [_touch("dies", number, random.uniform(0.5, 4)) for number in range(150)]
    reminding.start("reminders", main=REMINDERS, commit_interval_ms="300")
    await reminding.send(touches)
    for _ in range(3):
        await asyncio.sleep(random.uniform(0.3, 1.2))
        reminding.kill("reminders")
        reminding.start("reminders", main=REMINDERS, commit_interval_ms="300")
    await _all_come(reminding, "dies", touches)
    reminding.stop("reminders")
    # The replay twin: a worker without a store reads all of it again, and nothing is left to do.
    await reminding.send(touches)
    reminding.start("reminders", instance="twin", main=REMINDERS)
    await reminding.send([last := _touch("dies-last", 0, 0.2)])
    await _all_come(reminding, "dies-last", [last])
    assert len(await _reminders(reminding, "dies")) == len(touches) + 1


@pytest.mark.usefixtures("long_form")
async def test_a_store_that_was_lost_loses_no_timer(reminding: StreamCluster) -> None:
    touches = [_touch("store", number, 6 + number / 100) for number in range(40)]
    reminding.start("reminders", main=REMINDERS, commit_interval_ms="300")
    await reminding.send(touches)
    await _seen(reminding, touches)
    reminding.kill("reminders")
    reminding.start("reminders", instance="elsewhere", main=REMINDERS, commit_interval_ms="300")
    await _all_come(reminding, "store", touches)


async def test_a_worker_that_was_away_first_reads_what_happened(reminding: StreamCluster) -> None:
    bought = [_touch("away", number, 5) for number in range(10)]
    others = [_touch("away", number, 5) for number in range(10, 20)]
    await reminding.send([*bought, *others, *map(_sale_after, bought)])
    assert _now() < bought[0].occurred_at + 5 * SECOND_US, "this machine took five seconds to send fifty events"
    await asyncio.sleep(5)
    reminding.start("reminders", main=REMINDERS, commit_interval_ms="300")
    await _all_come(reminding, "away", others)


@pytest.mark.usefixtures("long_form")
async def test_timers_follow_people_who_merge(reminding: StreamCluster) -> None:
    touches = [_touch("merge", number, 4) for number in range(20)]
    merges = [
        IdentityChanged(
            event_id=derived("merge", touch.event_id),
            occurred_at=touch.occurred_at,
            change="merged",
            person_id=touch.person_id,
            into_person_id=person_of(f"loyalty:{touch.event_id}"),
            source_event_id=touch.event_id,
            source_profile_id=touch.source_profile_id,
            version=1,
        )
        for touch in touches
    ]
    reminding.start("reminders", main=REMINDERS, commit_interval_ms="300")
    await reminding.send([*touches, *merges])
    await _all_come(reminding, "merge", touches)
    states, losers = await _states(reminding), {touch.person_id for touch in touches}
    assert not any(state for key, state in states.items() if key in losers), "a part stayed"


@pytest.mark.parametrize("days", [2, -2])
async def test_the_clock_of_the_worker_does_not_matter(reminding: StreamCluster, days: int) -> None:
    test, main = f"clock{days}", f"from tests.support.shifted_clock import shift; shift({days})\n{REMINDERS}"
    touches = [_touch(test, number, 1 + number / 20) for number in range(20)]
    reminding.start("reminders", main=main, commit_interval_ms="300")
    await reminding.send(touches)
    await _all_come(reminding, test, touches)


@pytest.mark.usefixtures("long_form")
async def test_a_worker_that_sleeps_over_the_time_does_nothing_twice(reminding: StreamCluster) -> None:
    touches = [_touch("sleeps", number, 2 + number / 20) for number in range(60)]
    sleeping = reminding.start("reminders", instance="sleeping", main=REMINDERS, commit_interval_ms="300")
    await reminding.send(touches)
    await _seen(reminding, touches)
    await asyncio.sleep(1.5)
    os.kill(sleeping.pid, signal.SIGSTOP)
    reminding.start("reminders", instance="awake", main=REMINDERS, commit_interval_ms="300")
    await _all_come(reminding, "sleeps", touches)
    os.kill(sleeping.pid, signal.SIGCONT)
    await reminding.send([last := _touch("sleeps-last", 0, 0.2)])
    await _all_come(reminding, "sleeps-last", [last])
    await _all_come(reminding, "sleeps", [*touches, last])


async def test_a_state_at_which_the_core_raises_is_set_aside_and_holds_nobody_up(reminding: StreamCluster) -> None:
    good = [_touch("good", number, 1) for number in range(20)]
    bad = _touch("poison", 0, 1)
    worker = reminding.start("reminders", main=POISONED, commit_interval_ms="300")
    await reminding.send([bad, *good])
    await _all_come(reminding, "good", good)

    async def is_rejected() -> bool:
        return bool(await _rejects(reminding))

    await until(is_rejected, "the reject", reminding.logs)
    [reject] = await _rejects(reminding)
    assert reject.reason == "exception" and reject.occurred_at == bad.occurred_at + SECOND_US
    assert reject.raw and b"poison" not in reject.raw, "the state is kept, and protected"
    assert "ZeroDivisionError" in reject.detail and worker.poll() is None
    reminding.stop("reminders")
    # A release that mends it finds what was due, since the state is as it was.
    reminding.start("reminders", instance="mended", main=REMINDERS, commit_interval_ms="300")
    await _all_come(reminding, "poison", [bad])


@pytest.mark.usefixtures("long_form")
async def test_nobody_is_reminded_while_identity_has_more_to_pass_on(reminding: StreamCluster) -> None:
    """The purchase was recorded before the time; the worker of identity is back only after it."""
    touch = _touch("upstream", 0, 8)
    sale: dict[str, Any] = {name: getattr(touch, name) for name in TouchpointRecorded.__struct_fields__}
    sale |= {"event_id": "upstream-sale", "type": "sale", "amount_micros": None, "occurred_at": touch.occurred_at + 1}
    device = "device:upstream-0"
    recorded = TouchpointRecorded(**sale | {"primary_identifier": device, "identifiers": (device,)})
    other = _touch("upstream", 1, 8)
    reminding.start("reminders", main=REMINDERS, commit_interval_ms="300")
    await reminding.send([touch, other, recorded])
    await asyncio.sleep(10)
    assert not await _reminders(reminding, "upstream"), "a record of identity waits for longer than its commit takes"
    assert "timers wait: footpath-identity is behind" in reminding.log("reminders")
    reminding.start("identity", commit_interval_ms="300")
    await _all_come(reminding, "upstream", [other])
    reminding.stop("identity")


async def _rejects(cluster: StreamCluster) -> list[EventRejected]:
    return [event for event in await cluster.events(EVENT_REJECTED) if event.stage == "reminders"]


async def _states(cluster: StreamCluster) -> dict[str, Any]:
    codec = StateRecordCodec.of(PROCESSOR)
    rows = {record.key: record.value for record in await cluster.read(changelog("reminders"), committed=True)}
    records = {key.decode(): codec.decode(raw) for key, raw in rows.items() if not key.startswith(WATERMARK)}
    return {key: one.state if isinstance(one, Active) else one for key, one in records.items()}


async def _seen(cluster: StreamCluster, touches: Sequence[TouchpointIdentified]) -> None:
    """Waits until the states of all of them are committed."""

    async def are_stored() -> bool:
        return {touch.person_id for touch in touches} <= (await _states(cluster)).keys()

    await until(are_stored, "the touchpoints to be stored", cluster.logs)
