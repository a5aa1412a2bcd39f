"""`footpath topics apply`: Kafka has every topic of the registry; of existing topics only the timestamps change, and
what the brand says of their retention."""

import asyncio
import time
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from deploy.setup import SetupError
from deploy.setup.brand import publish
from deploy.setup.topics import ExistingTopic, apply, partitions_for, plan, topic_specs
from processors.registry import PROCESSORS
from schemas.brand.items import build_brand, items_of
from schemas.brand.retention import Retention
from schemas.topics import (
    BY_NAME,
    EVENT_REJECTED,
    INTAKE_WINDOW_MS,
    PARTITIONS,
    REWARD_POSTED,
    SCAN_MISSED,
    SCAN_ROUTED,
    TOPICS,
    TOUCHPOINT_IDENTIFIED,
    TOUCHPOINT_RECORDED,
    changelog,
)
from tests.support.brand_files import brand
from tests.support.topic_settings import alter

NAMES = [topic.name for topic in TOPICS] + [changelog(name) for name in PROCESSORS]


def test_topics_that_share_keys_have_as_many_partitions() -> None:
    assert {topic.partitions for topic in topic_specs(8, 1)} == {8}


def test_a_write_needs_two_of_three_copies() -> None:
    for replication, needed in ((1, "1"), (2, "1"), (3, "2")):
        assert {t.settings["min.insync.replicas"] for t in topic_specs(4, replication)} == {needed}


def test_the_replicas_that_a_write_needs_can_be_set_and_must_exist() -> None:
    assert {t.settings["min.insync.replicas"] for t in topic_specs(4, 5, 3)} == {"3"}
    for replication, needed in ((0, None), (2, 3), (3, -1)):
        with pytest.raises(SetupError, match=f"FOOTPATH_KAFKA_REPLICATION={replication}"):
            apply("127.0.0.1:1", replication=replication, min_insync=needed)


def test_all_differences_are_reported_at_once() -> None:
    existing = {
        NAMES[0]: ExistingTopic(6, "delete", "LogAppendTime"),
        NAMES[1]: ExistingTopic(4, "compact", "LogAppendTime"),
    }
    with pytest.raises(SetupError) as refused:
        plan(topic_specs(4, 1), existing)
    assert f"{NAMES[0]} has 6 partitions, not 4" in str(refused.value)
    assert f"{NAMES[1]} has cleanup.policy=compact, not delete" in str(refused.value)
    assert "FOOTPATH_PARTITIONS" in str(refused.value)


def test_new_topics_get_as_many_partitions_as_the_old_ones_and_a_new_cluster_gets_many() -> None:
    assert partitions_for({}, None, 64) == 64
    assert partitions_for({}, 8, 64) == 8
    assert partitions_for({NAMES[0]: ExistingTopic(6, "delete", "LogAppendTime")}, None, 64) == 6
    unequal = {
        NAMES[0]: ExistingTopic(6, "delete", "LogAppendTime"),
        NAMES[1]: ExistingTopic(4, "delete", "LogAppendTime"),
    }
    with pytest.raises(SetupError, match=f"4 partitions: {NAMES[1]}; 6 partitions: {NAMES[0]}"):
        partitions_for(unequal, None, 64)


def test_a_new_kafka_gets_every_topic_and_can_be_written_to_at_once(bare_kafka: str) -> None:
    assert [step.action for step in apply(bare_kafka, dry_run=True)] == ["create"] * len(NAMES)
    assert asyncio.run(settings_of(bare_kafka)) == {}
    assert [step.action for step in apply(bare_kafka)] == ["create"] * len(NAMES)
    asyncio.run(write_everywhere(bare_kafka))

    found = asyncio.run(settings_of(bare_kafka))
    assert set(found) == set(NAMES)
    for name, settings in found.items():
        compacted = name not in BY_NAME or BY_NAME[name].compacted
        if name == changelog("intake"):
            assert settings["cleanup.policy"] == "compact,delete"
            assert settings["retention.ms"] == str(INTAKE_WINDOW_MS)
            continue
        assert settings["cleanup.policy"] == ("compact" if compacted else "delete")
        if not compacted:
            assert settings["retention.ms"] == str(BY_NAME[name].retention_ms)
    assert found[EVENT_REJECTED.name]["retention.ms"] == str(90 * 24 * 3600 * 1000)

    began = time.monotonic()
    assert [step.action for step in apply(bare_kafka)] == ["keep"] * len(NAMES)
    assert time.monotonic() - began < 5, "a step that has nothing to do is quick"
    own = {"message.timestamp.type": "CreateTime", "cleanup.policy": "delete", "segment.bytes": "99000000"}
    asyncio.run(alter(bare_kafka, EVENT_REJECTED, own))
    changed = [step.topic for step in apply(bare_kafka) if step.action == "change"]
    assert changed == [EVENT_REJECTED.name], "the records of an earlier version have the times of their writers"
    now = asyncio.run(settings_of(bare_kafka))[EVENT_REJECTED.name]
    assert (now["message.timestamp.type"], now["segment.bytes"]) == ("LogAppendTime", "99000000"), "the rest stays"
    with pytest.raises(SetupError, match=f"has {PARTITIONS} partitions, not 8"):
        apply(bare_kafka, partitions=8)


def test_the_live_brand_says_how_long_touchpoints_stay_on_their_topics(bare_kafka: str) -> None:
    apply(bare_kafka)
    publish(bare_kafka, brand())
    own = {"retention.ms": "5000000000", "cleanup.policy": "delete", "message.timestamp.type": "LogAppendTime"}
    asyncio.run(alter(bare_kafka, SCAN_ROUTED, own))
    assert {step.action for step in apply(bare_kafka)} == {"keep"}, "where the brand does not say, an operator's stays"

    limited = {**items_of(brand()), "retention": [Retention(id="topics", days=100)]}
    publish(bare_kafka, build_brand(limited))
    days = f"retention.ms={100 * 24 * 3600 * 1000}"
    planned = [str(step) for step in apply(bare_kafka, dry_run=True) if step.action == "change"]
    assert planned == [
        f"change {topic.name} ({days})"
        for topic in (TOUCHPOINT_RECORDED, TOUCHPOINT_IDENTIFIED, SCAN_ROUTED, SCAN_MISSED)
    ]
    assert asyncio.run(settings_of(bare_kafka))[TOUCHPOINT_RECORDED.name]["retention.ms"] == "-1", "it was a dry run"
    apply(bare_kafka)
    now = asyncio.run(settings_of(bare_kafka))
    assert now[TOUCHPOINT_RECORDED.name]["retention.ms"] == now[SCAN_ROUTED.name]["retention.ms"] == days[13:]
    assert now[REWARD_POSTED.name]["retention.ms"] == "-1"
    assert {step.action for step in apply(bare_kafka)} == {"keep"}


def test_a_kafka_that_is_away_is_named() -> None:
    with pytest.raises(SetupError, match=r"FOOTPATH_KAFKA=127\.0\.0\.1:1 does not answer"):
        apply("127.0.0.1:1")


async def settings_of(kafka: str) -> dict[str, dict[str, Any]]:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        there = [name for name in await admin.list_topics() if name in NAMES]
        if not there:
            return {}
        answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in there])
        return {
            name: {entry[0]: entry[1] for entry in entries}
            for answer in answers
            for _, _, _, name, entries in answer.resources
        }
    finally:
        await admin.close()


async def write_everywhere(kafka: str) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all", request_timeout_ms=5000)
    await producer.start()
    try:
        for name in NAMES:
            for partition in range(PARTITIONS):
                await producer.send_and_wait(name, b"x" * 1_000_000, b"k", partition=partition)
    finally:
        await producer.stop()
