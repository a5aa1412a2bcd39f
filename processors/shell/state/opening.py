"""What a state contains of Kafka, compared with what Kafka has, when a partition opens.

A position means nothing in another Kafka: records below it would be passed over for good. So a store knows the
changelog that it was restored from, and the state knows the source topics that its watermarks belong to, each by the
ids that Kafka gave to cluster and topic. Where these differ, or Kafka ends before the state, nothing is skipped:

- A store of another cluster, or of a changelog that was made again and has a state already, is replaced: it gets
  another name, and the state is restored from the changelog. So is a store if changelog and sources end before it (a
  restored volume).
- A changelog that ends before the store, while no source does, was emptied: it is written anew from the store.
- A source topic that was made again is read from its beginning.
- A source topic that ends before its watermark, though it is the same, stops the worker, which says what to do. So does
  a state that is gone, changelog and store, while its group has read the topic: to read it once more would publish all
  of it again, and readers know the latest events only.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from processors.shell.state.changelog import WATERMARK
from processors.shell.state.store import Store
from schemas.kafka.client_options import consumer_options
from schemas.kafka.client_settings import Kafka
from schemas.kafka.topic_ids import TopicId, fetch_topic_ids
from schemas.process.errors import OperatorError

ORIGIN = WATERMARK + b"\0origin\0"
"""Prefix of the changelog key of the id of the topic that a watermark belongs to; the topic's name follows."""


class KafkaWentBack(OperatorError):
    """Kafka does not have records any more that a state contains."""


class TopicPositions(NamedTuple):
    """Of some topics: their ids (without those that are not known), and of one partition the first offset, the end, and
    the offset that the group has committed (where it has)."""

    ids: Mapping[str, TopicId]
    ranges: Mapping[str, tuple[int, int]]
    committed: Mapping[str, int] = {}


async def fetch_positions(bootstrap: Kafka, topics: Iterable[str], partition: int, group: str) -> TopicPositions:
    """As the brokers have them now. Opens a connection of its own, and joins no group.

    aiokafka 0.14 returns the group's offsets one by one; private name used: the consumer's coordinator.
    """
    names = list(topics)
    tps = [TopicPartition(name, partition) for name in names]
    consumer = AIOKafkaConsumer(**consumer_options(bootstrap), group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign(tps)
        ids = await fetch_topic_ids(consumer._client, names)
        committed = await consumer._coordinator.fetch_committed_offsets(tps)
        first, end = await consumer.beginning_offsets(tps), await consumer.end_offsets(tps)
    finally:
        await consumer.stop()
    return TopicPositions(
        ids,
        {tp.topic: (first[tp], end[tp]) for tp in tps},
        {tp.topic: one.offset for tp, one in committed.items() if one.offset >= 0},
    )


def why_foreign(store: Store, changelog: str, sources: Iterable[str], positions: TopicPositions) -> str:
    """Why the store does not belong to this Kafka; empty: it does."""
    first, end = positions.ranges[changelog]
    own, current = store.origin, positions.ids.get(changelog)
    if own and current and own != str(current):
        if TopicId.parse(own).cluster != current.cluster:
            return "it belongs to another Kafka cluster"
        if end > first:
            return "its changelog was deleted and made again, and has a state already"
    ahead = [name for name in sources if _next_of(store, name) > positions.ranges[name][1]]
    if store.position > end and ahead:
        return f"Kafka is older than the store: changelog and {', '.join(ahead)} end before it"
    return ""


def next_offsets(store: Store, sources: Iterable[str], positions: TopicPositions) -> dict[str, int]:
    """The first offset of each source topic that the state does not contain.

    :raises KafkaWentBack: the topic is the same, and ends before that offset; or there is no state of what the group
        has read.
    """
    offsets = {}
    for name in sources:
        first, end = positions.ranges[name]
        offset = _next_of(store, name)
        if not offset and positions.committed.get(name, 0) > first:
            raise KafkaWentBack(
                f"the state of what was read of {name}, up to offset {positions.committed[name] - 1}, is gone: neither "
                "its changelog nor the store has it. Nothing is processed until it is made anew: stop the workers of "
                "this processor and run `footpath replay state` for it, with --write"
            )
        if not is_origin(store, name, positions):
            offset = first
        elif offset > end:
            raise KafkaWentBack(
                f"{name} ends at offset {end}, but the state contains its records up to {offset - 1}: Kafka has lost "
                "records (an unclean leader election, a restored volume). Nothing is processed until the state is made "
                "anew: stop the workers of this processor and run `footpath replay state` for it, with --write"
            )
        offsets[name] = max(offset, first)
    return offsets


def is_origin(store: Store, topic: str, positions: TopicPositions) -> bool:
    """Whether the topic is the one that the state's watermark belongs to. States of earlier versions do not say."""
    own, current = store.get(ORIGIN + topic.encode()), positions.ids.get(topic)
    return own is None or current is None or own.decode() == str(current)


def origin_rows(store: Store, sources: Iterable[str], positions: TopicPositions) -> dict[str, tuple[bytes, bytes]]:
    """The changelog rows, by topic, with ids that the state does not have yet."""
    rows = {}
    for name in sources:
        key, current = ORIGIN + name.encode(), positions.ids.get(name)
        if current is not None and store.get(key) != str(current).encode():
            rows[name] = (key, str(current).encode())
    return rows


def stored_offsets(store: Store, sources: Iterable[str]) -> dict[str, int]:
    """The next offset of each source topic by its watermark, without topics of which there is none."""
    return {name: offset for name in sources if (offset := _next_of(store, name))}


def _next_of(store: Store, topic: str) -> int:
    watermark = store.get(WATERMARK + topic.encode())
    return 0 if watermark is None else int(watermark) + 1
