"""Reports how far the tables are behind their topics, also while ClickHouse is away and no batch completes."""

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

from sinks import metrics

EVERY_S = 1.0

log = logging.getLogger(__name__)


async def report_lag(consumer: AIOKafkaConsumer, stored: Mapping[TopicPartition, int], stop: asyncio.Event) -> None:
    """Sets the lag metric of every topic once per EVERY_S until ``stop`` is set; a task of its own beside the consumer.

    :param stored: offsets that `SinkConsumer` has committed; before its first commit those of its group count.
    """
    committed: dict[TopicPartition, int] = {}
    while not stop.is_set():
        try:
            mine = consumer.assignment()
            committed = {place: committed[place] for place in mine if place in committed}
            for place in mine - committed.keys():
                committed[place] = await consumer.committed(place) or 0
            lag = Counter(dict.fromkeys((place.topic for place in mine), 0))
            for place, end in (await consumer.end_offsets(list(mine))).items():
                lag[place.topic] += max(0, end - max(stored.get(place, 0), committed[place]))
            for topic, records in lag.items():
                metrics.LAG.labels(topic).set(records)
        except (KafkaError, IllegalStateError) as problem:
            log.debug("the lag cannot be computed now: %s", problem)
        await asyncio.sleep(EVERY_S)
