"""Creates the topics of the registry, and the changelogs of the processors, on any Kafka.

Nothing that exists is changed: records that are there were partitioned by the count that the topic has.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from deploy.setup import SetupError
from schemas.topics import MAX_RECORD_BYTES, MAX_STATE_BYTES, PARTITIONS, TOPICS, Topic, changelog

STATEFUL = ("identity", "context", "rewards", "likeness")
"""Processors that keep state and hence have a changelog."""
REQUEST_TIMEOUT_MS = 15_000
LEADERS_TIMEOUT_S = 30.0
FRAMING_BYTES = 4096
"""What Kafka's framing adds to the largest record that our producers send."""
# A reader of a compacted topic starts at its beginning; only closed segments are compacted, hence small ones.
COMPACTED_SEGMENT_BYTES = 16 << 20
COMPACT_AT_DIRTY_RATIO = 0.1


@dataclass(frozen=True, slots=True)
class Wanted:
    """A topic as it should be: its name, partitions and the settings that differ from the broker's."""

    name: str
    partitions: int
    settings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Existing:
    """A topic as it is."""

    partitions: int
    cleanup_policy: str


@dataclass(frozen=True, slots=True)
class Step:
    """What was done to a topic: ``create`` or ``keep``."""

    action: str
    topic: str
    detail: str

    def __str__(self) -> str:
        return f"{self.action:<6} {self.topic} ({self.detail})"


def wanted_topics(partitions: int, replication: int) -> list[Wanted]:
    """Every topic of the system; with three or more replicas a write needs two of them."""
    shared = {
        "max.message.bytes": str(MAX_RECORD_BYTES + FRAMING_BYTES),
        "min.insync.replicas": "2" if replication >= 3 else "1",
    }
    registered = [Wanted(topic.name, partitions, shared | _keeping(topic)) for topic in TOPICS]
    whole = shared | {"max.message.bytes": str(MAX_STATE_BYTES + FRAMING_BYTES)} | _compacting()
    changelogs = [Wanted(changelog(name), partitions, whole) for name in STATEFUL]
    return registered + changelogs


def plan(wanted: Iterable[Wanted], existing: Mapping[str, Existing]) -> list[Step]:
    """What there is to do.

    :raises SetupError: topics exist that differ in partitions or cleanup policy; the text lists them all.
    """
    steps, differences = [], []
    for topic in wanted:
        policy = topic.settings["cleanup.policy"]
        found = existing.get(topic.name)
        if found is None:
            steps.append(Step("create", topic.name, f"{topic.partitions} partitions, {policy}"))
            continue
        if found.partitions != topic.partitions:
            differences.append(f"{topic.name} has {found.partitions} partitions, not {topic.partitions}")
        if found.cleanup_policy != policy:
            differences.append(f"{topic.name} has cleanup.policy={found.cleanup_policy}, not {policy}")
        steps.append(Step("keep", topic.name, f"{found.partitions} partitions, {found.cleanup_policy}"))
    if differences:
        raise SetupError(
            "topics differ from the registry (set FOOTPATH_PARTITIONS to the count they have, mend the policy with "
            "kafka-configs, or move to a new cluster):\n" + "\n".join(f"  {line}" for line in differences)
        )
    return steps


def apply(kafka: str, partitions: int = PARTITIONS, replication: int = 1, dry_run: bool = False) -> list[Step]:
    """Creates what is missing, waits until every partition has a leader that answers, and returns the steps.

    :param kafka: ``host:port[,host:port]``. :param dry_run: only says what it would do.
    :raises SetupError: Kafka does not answer or refuses, or a topic differs.
    """
    try:
        return asyncio.run(_apply(kafka, wanted_topics(partitions, replication), replication, dry_run))
    except (KafkaError, OSError, TimeoutError) as error:
        raise SetupError(
            f"topics: FOOTPATH_KAFKA={kafka} does not answer or refuses: {error or type(error).__name__}"
        ) from error


async def _apply(kafka: str, wanted: list[Wanted], replication: int, dry_run: bool) -> list[Step]:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka, request_timeout_ms=REQUEST_TIMEOUT_MS)
    await admin.start()
    try:
        steps = plan(wanted, await _existing(admin, [topic.name for topic in wanted]))
        if dry_run:
            return steps
        missing = {step.topic for step in steps if step.action == "create"}
        await _create(admin, [topic for topic in wanted if topic.name in missing], replication)
    finally:
        await admin.close()
    await _wait_for_leaders(kafka, wanted)
    return steps


async def _existing(admin: AIOKafkaAdminClient, names: list[str]) -> dict[str, Existing]:
    there = set(await admin.list_topics()) & set(names)
    if not there:
        return {}
    counts = {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics(sorted(there))}
    question = [ConfigResource(ConfigResourceType.TOPIC, name, {"cleanup.policy": ""}) for name in sorted(there)]
    policies = {
        name: entries[0][1]
        for answer in await admin.describe_configs(question)
        for _code, _message, _kind, name, entries in answer.resources
    }
    return {name: Existing(counts[name], policies[name]) for name in there}


async def _create(admin: AIOKafkaAdminClient, topics: list[Wanted], replication: int) -> None:
    if not topics:
        return
    new = [NewTopic(topic.name, topic.partitions, replication, topic_configs=dict(topic.settings)) for topic in topics]
    for name, code, message in (await admin.create_topics(new, REQUEST_TIMEOUT_MS)).topic_errors:
        if code not in (0, TopicAlreadyExistsError.errno):
            raise SetupError(f"topics: Kafka refused to create {name}: {message or for_code(code).__name__}")


async def _wait_for_leaders(kafka: str, topics: list[Wanted]) -> None:
    # A new topic answers NOT_LEADER for a moment; asking for its end is the question that a leader alone answers.
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, request_timeout_ms=REQUEST_TIMEOUT_MS)
    await consumer.start()
    try:
        partitions = [TopicPartition(topic.name, number) for topic in topics for number in range(topic.partitions)]
        consumer.assign(partitions)  # loads their metadata at once; without it each topic is asked for on its own
        async with asyncio.timeout(LEADERS_TIMEOUT_S):  # aiokafka asks again until then
            await consumer.end_offsets(partitions)
    finally:
        await consumer.stop()


def _keeping(topic: Topic) -> dict[str, str]:
    if topic.compacted:
        return _compacting()
    return {"cleanup.policy": "delete", "retention.ms": str(topic.retention_ms), "retention.bytes": "-1"}


def _compacting() -> dict[str, str]:
    return {
        "cleanup.policy": "compact",
        "segment.bytes": str(COMPACTED_SEGMENT_BYTES),
        "min.cleanable.dirty.ratio": str(COMPACT_AT_DIRTY_RATIO),
    }
