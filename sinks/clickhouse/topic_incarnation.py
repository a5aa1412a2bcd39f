"""Which Kafka the rows of a table came from.

A table keeps the record of an event that was written last (or first, for events that never change). Offsets alone order
the records of one topic; in a topic that was deleted and made again, or in another cluster, they begin at 0 once more,
and yesterday's costs would win over today's. So each topic of a name, known by the ids that Kafka gave it, has an
incarnation, which the tables' ``_offset`` has in its upper bits, and a sink's committed offsets name the topic that
they belong to.
"""

import logging
from collections.abc import Mapping
from typing import Any

from clickhouse_connect.driver.asyncclient import AsyncClient

from schemas.kafka.topic_ids import TopicId

INCARNATION_SHIFT = 44
"""Bits of ``_offset`` that are the offset itself: enough for 17 million million records of a partition."""
MAX_INCARNATION = 255
"""``_version`` has 52 bits of ``_offset``. Topics that were made anew more often share the last incarnation."""

log = logging.getLogger(__name__)


def first_position(incarnation: int) -> int:
    """``_offset`` of the first record of a topic of this incarnation."""
    return incarnation << INCARNATION_SHIFT


async def claim_incarnations(client: AsyncClient, ids: Mapping[str, TopicId]) -> dict[str, int]:
    """The incarnation of each topic; one that the store has never met gets the next.

    :raises ClickHouseError, aiohttp.ClientError, OSError: ClickHouse does not answer, or its migrations have not run.
    """
    incarnations: dict[str, int] = {}
    known: dict[str, dict[TopicId, int]] = {}
    rows = (await client.query("SELECT topic, cluster, topic_id, incarnation FROM kafka_topic")).result_rows
    for topic, cluster, topic_id, incarnation in rows:
        known.setdefault(topic, {})[TopicId(cluster, topic_id)] = incarnation
    added: list[list[Any]] = []
    for topic, topic_id in ids.items():
        before = known.get(topic, {})
        if topic_id in before:
            incarnations[topic] = before[topic_id]
            continue
        incarnations[topic] = min(max(before.values(), default=-1) + 1, MAX_INCARNATION)
        added.append([topic, topic_id.cluster, topic_id.topic, incarnations[topic]])
    if again := sorted(
        topic for topic in incarnations if known.get(topic) and incarnations[topic] not in known[topic].values()
    ):
        log.warning("other topics than those of the same names before, read from their beginning: %s", ", ".join(again))
    if added:
        await client.insert("kafka_topic", added, ["topic", "cluster", "topic_id", "incarnation"])
    return incarnations
