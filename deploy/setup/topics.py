"""Creates the topics of the registry and the changelogs of the processors on any Kafka.

The partitions of existing topics are never changed: their records were partitioned by the number that they have.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from deploy.setup import SetupError
from deploy.setup.brand import read_live
from processors.registry import PROCESSORS
from schemas.brand.retention import TOPICS as RETAINED
from schemas.codec.registry_settings import SchemaRegistry
from schemas.kafka.client_options import client_options
from schemas.kafka.client_settings import Kafka
from schemas.kafka.partition_counts import PartitionsDifferError, common_count
from schemas.topics import (
    BRAND_CONFIGURED,
    DAY_MS,
    FOREVER_MS,
    MAX_RECORD_BYTES,
    MAX_STATE_BYTES,
    PARTITIONS,
    SCAN_MISSED,
    SCAN_ROUTED,
    TOPICS,
    TOUCHPOINT_IDENTIFIED,
    TOUCHPOINT_RECORDED,
    Topic,
    changelog,
)

REQUEST_TIMEOUT_MS = 15_000
LEADERS_TIMEOUT_S = 30.0
BROKER_MARGIN_BYTES = 4096
"""What brokers take above the largest record: more than framing can add, so that it is the writer who refuses."""
# Readers of a compacted topic start at its first record; Kafka compacts closed segments only, hence small ones.
COMPACTED_SEGMENT_BYTES = 16 << 20
COMPACT_AT_DIRTY_RATIO = 0.1
TOMBSTONES_KEPT_MS = 7 * DAY_MS
"""How long a reader of contacts may be away and still learn what was destroyed; tombstones hold no secret."""
COMPACTION_LAG = "max.compaction.lag.ms"
"""How long a record that was replaced may stay: in changelogs rows of erased people, in contacts destroyed keys."""
SET_FOR_TOPIC = 1
"""Source of a setting that Kafka describes: the topic's own."""
TIMESTAMP_TYPE = "message.timestamp.type"
"""Records have the brokers' time: those of a writer whose clock is wrong would be refused, or be too old to be kept."""
RETENTION = "retention.ms"
OF_THE_BRAND = (TOUCHPOINT_RECORDED, TOUCHPOINT_IDENTIFIED, SCAN_ROUTED, SCAN_MISSED)
"""Topics that the brand's retention of `topics` is about."""


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """A topic as it should be. ``settings`` are the topic configurations that are set explicitly."""

    name: str
    partitions: int
    settings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ExistingTopic:
    """A topic as Kafka describes it."""

    partitions: int
    cleanup_policy: str
    timestamp_type: str
    retention_ms: str = ""
    compaction_lag_ms: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """What set-up does with a topic: ``action`` is ``create``, ``change`` or ``keep``."""

    action: str
    topic: str
    detail: str
    changes: Mapping[str, str] = field(default_factory=dict)
    """Settings of an existing topic, with the values that they get."""

    def __str__(self) -> str:
        return f"{self.action:<6} {self.topic} ({self.detail})"


def topic_specs(
    partitions: int, replication: int, min_insync: int | None = None, kept_ms: int | None = None
) -> list[TopicSpec]:
    """Every topic of the system.

    :param min_insync: in-sync replicas that a write needs; None: two of three or more.
    :param kept_ms: how long the brand keeps touchpoints and decisions on their topics; None: it does not say.
    """
    shared = {
        TIMESTAMP_TYPE: "LogAppendTime",
        "max.message.bytes": str(MAX_RECORD_BYTES + BROKER_MARGIN_BYTES),
        "min.insync.replicas": str(min_insync or (2 if replication >= 3 else 1)),
    }
    kept = {} if kept_ms is None else {RETENTION: str(kept_ms)}
    registered = [
        TopicSpec(topic.name, partitions, shared | _retention(topic) | (kept if topic in OF_THE_BRAND else {}))
        for topic in TOPICS
    ]
    state_settings = shared | {"max.message.bytes": str(MAX_STATE_BYTES + BROKER_MARGIN_BYTES)} | _compaction()
    state_settings[COMPACTION_LAG] = str(DAY_MS)
    changelogs = [
        TopicSpec(changelog(name), partitions, state_settings | _kept(processor.state_kept_ms))
        for name, processor in PROCESSORS.items()
    ]
    return registered + changelogs


def plan(wanted: Iterable[TopicSpec], existing: Mapping[str, ExistingTopic], kept_ms: int | None = None) -> list[Step]:
    """The steps that bring Kafka to the wanted topics. :param kept_ms: see `topic_specs`; what an operator has set for
    a topic stays where the brand does not say.

    :raises SetupError: existing topics differ in partitions or cleanup policy; the text lists all of them.
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
        has = {TIMESTAMP_TYPE: found.timestamp_type}
        if kept_ms is not None and topic.name in {one.name for one in OF_THE_BRAND}:
            has[RETENTION] = found.retention_ms
        if COMPACTION_LAG in topic.settings:
            has[COMPACTION_LAG] = found.compaction_lag_ms
        changes = {name: topic.settings[name] for name, value in has.items() if value != topic.settings[name]}
        if changes:
            detail = ", ".join(f"{name}={value}" for name, value in changes.items())
            steps.append(Step("change", topic.name, detail, changes))
        else:
            steps.append(Step("keep", topic.name, f"{found.partitions} partitions, {found.cleanup_policy}"))
    if differences:
        raise SetupError(
            "topics differ from the registry (unset FOOTPATH_PARTITIONS or set it to the number they have, correct the "
            "policy with kafka-configs, or move to a new cluster):\n" + "\n".join(f"  {line}" for line in differences)
        )
    return steps


def partitions_for(existing: Mapping[str, ExistingTopic], configured: int | None, if_none: int) -> int:
    """How many partitions new topics get: as configured, else as many as the existing topics have, else ``if_none``.

    :raises SetupError: nothing is configured and the existing topics have different numbers.
    """
    if configured or not existing:
        return configured or if_none
    try:
        return common_count({name: topic.partitions for name, topic in existing.items()}, existing.keys(), 0)
    except PartitionsDifferError as error:
        raise SetupError(f"topics: {error}") from None


def apply(
    kafka: Kafka,
    partitions: int | None = None,
    replication: int = 1,
    dry_run: bool = False,
    if_none: int = PARTITIONS,
    min_insync: int | None = None,
    schema_registry: SchemaRegistry = "",
) -> list[Step]:
    """Creates missing topics, gives others the timestamps, the compaction lag and, where the live brand says one, the
    retention, waits until every partition has a leader that answers, and returns the steps; blocks.

    :param kafka: ``host:port[,host:port]``. :param dry_run: returns the steps without taking them.
    :param partitions, if_none: see `partitions_for`. :param min_insync: see `topic_specs`.
    :raises SetupError: Kafka does not answer or refuses, or a topic differs.
    """
    if replication < 1 or not 1 <= (min_insync or 1) <= replication:
        raise SetupError(
            f"topics: FOOTPATH_KAFKA_REPLICATION={replication} (or --replication) must be at least 1 and at least "
            f"FOOTPATH_KAFKA_MIN_INSYNC={min_insync or ''} (or --min-insync)"
        )
    try:
        return asyncio.run(_apply(kafka, partitions, replication, dry_run, if_none, min_insync, schema_registry))
    except (KafkaError, OSError, TimeoutError) as error:
        raise SetupError(
            f"topics: FOOTPATH_KAFKA={kafka} does not answer or refuses: {error or type(error).__name__}"
        ) from error


async def _apply(
    kafka: Kafka,
    partitions: int | None,
    replication: int,
    dry_run: bool,
    if_none: int,
    min_insync: int | None,
    schema_registry: SchemaRegistry,
) -> list[Step]:
    admin = AIOKafkaAdminClient(**client_options(kafka), request_timeout_ms=REQUEST_TIMEOUT_MS)
    await admin.start()
    try:
        existing = await _existing(admin, [topic.name for topic in topic_specs(if_none, replication)])
        kept_ms = await _kept_by_brand(kafka, schema_registry) if BRAND_CONFIGURED.name in existing else None
        wanted = topic_specs(partitions_for(existing, partitions, if_none), replication, min_insync, kept_ms)
        steps = plan(wanted, existing, kept_ms)
        if dry_run:
            return steps
        missing = {step.topic for step in steps if step.action == "create"}
        await _create(admin, [topic for topic in wanted if topic.name in missing], replication)
        await _change(admin, [step for step in steps if step.changes])
    finally:
        await admin.close()
    await _wait_for_leaders(kafka, wanted)
    return steps


async def _kept_by_brand(kafka: Kafka, schema_registry: SchemaRegistry) -> int | None:
    brand = await read_live(kafka, schema_registry)
    kept = None if brand is None else brand.retention.get(RETAINED)
    return None if kept is None else kept.days * DAY_MS


async def _existing(admin: AIOKafkaAdminClient, names: list[str]) -> dict[str, ExistingTopic]:
    existing = sorted(set(await admin.list_topics()) & set(names))
    if not existing:
        return {}
    counts = {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics(existing)}
    found = await _settings_of(admin, existing, ["cleanup.policy", TIMESTAMP_TYPE, RETENTION, COMPACTION_LAG])
    return {
        name: ExistingTopic(
            counts[name],
            settings["cleanup.policy"],
            settings[TIMESTAMP_TYPE],
            settings[RETENTION],
            settings[COMPACTION_LAG],
        )
        for name, settings in found.items()
    }


async def _settings_of(
    admin: AIOKafkaAdminClient, topics: Iterable[str], names: Iterable[str] | None = None
) -> dict[str, dict[str, str]]:
    """Settings of each topic by their names; None: those that were set for the topic itself."""
    wanted = None if names is None else dict.fromkeys(names, "")
    resources = [ConfigResource(ConfigResourceType.TOPIC, name, wanted) for name in topics]
    return {
        name: {entry[0]: entry[1] for entry in entries if wanted is not None or entry[3] == SET_FOR_TOPIC}
        for answer in await admin.describe_configs(resources)
        for _code, _message, _kind, name, entries in answer.resources
    }


async def _change(admin: AIOKafkaAdminClient, steps: list[Step]) -> None:
    """Sets what the steps change; everything else that an operator has set for a topic stays."""
    if not steps:
        return
    own = await _settings_of(admin, [step.topic for step in steps])
    resources = [
        ConfigResource(ConfigResourceType.TOPIC, step.topic, own[step.topic] | dict(step.changes)) for step in steps
    ]
    for answer in await admin.alter_configs(resources):
        for code, message, _kind, name in answer.resources:
            if code:
                raise SetupError(f"topics: Kafka refused to change {name}: {message or for_code(code).__name__}")


async def _create(admin: AIOKafkaAdminClient, topics: list[TopicSpec], replication: int) -> None:
    if not topics:
        return
    new = [NewTopic(topic.name, topic.partitions, replication, topic_configs=dict(topic.settings)) for topic in topics]
    for name, code, message in (await admin.create_topics(new, REQUEST_TIMEOUT_MS)).topic_errors:
        if code not in (0, TopicAlreadyExistsError.errno):
            raise SetupError(f"topics: Kafka refused to create {name}: {message or for_code(code).__name__}")


async def _wait_for_leaders(kafka: Kafka, topics: list[TopicSpec]) -> None:
    # Brokers answer NOT_LEADER for a new topic for a moment; only a leader answers a request for end offsets.
    consumer = AIOKafkaConsumer(**client_options(kafka), request_timeout_ms=REQUEST_TIMEOUT_MS)
    await consumer.start()
    try:
        partitions = [TopicPartition(topic.name, number) for topic in topics for number in range(topic.partitions)]
        consumer.assign(partitions)  # loads all metadata in one request instead of one a topic
        async with asyncio.timeout(LEADERS_TIMEOUT_S):  # aiokafka retries until then
            await consumer.end_offsets(partitions)
    finally:
        await consumer.stop()


def _retention(topic: Topic) -> dict[str, str]:
    if topic.compacted and topic.destroyed_ms is not None:
        return _compaction() | _destroyed(topic.destroyed_ms)
    if topic.compacted:
        return _compaction()
    return {"cleanup.policy": "delete", "retention.ms": str(topic.retention_ms), "retention.bytes": "-1"}


def _destroyed(within_ms: int) -> dict[str, str]:
    """What makes the brokers remove a record within this time after its tombstone. They compact closed segments alone,
    and a segment is closed by the first record that comes after its time (gateway/identifiers/erased.py writes one)."""
    return {
        "segment.ms": str(within_ms // 4),
        COMPACTION_LAG: str(within_ms // 2),
        "min.cleanable.dirty.ratio": "0.01",
        "delete.retention.ms": str(TOMBSTONES_KEPT_MS),
    }


def _kept(kept_ms: int) -> dict[str, str]:
    """What makes a compacted topic forget, too."""
    return {} if kept_ms == FOREVER_MS else {"cleanup.policy": "compact,delete", "retention.ms": str(kept_ms)}


def _compaction() -> dict[str, str]:
    return {
        "cleanup.policy": "compact",
        "segment.bytes": str(COMPACTED_SEGMENT_BYTES),
        "min.cleanable.dirty.ratio": str(COMPACT_AT_DIRTY_RATIO),
    }
