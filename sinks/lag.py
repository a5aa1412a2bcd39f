"""How far the tables are behind their topics, told all the time: most of all while ClickHouse is away and nothing
moves."""

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

from sinks import metrics

EVERY_S = 1.0

log = logging.getLogger(__name__)


async def watch(consumer: AIOKafkaConsumer, stored: Mapping[TopicPartition, int], stop: asyncio.Event) -> None:
    """Tells the lag of every topic until ``stop`` is set.

    :param stored: offsets that the loop has committed; before its first commit those of its group count.
    """
    before: dict[TopicPartition, int] = {}
    while not stop.is_set():
        try:
            mine = consumer.assignment()
            before = {place: before[place] for place in mine if place in before}
            for place in mine - before.keys():
                before[place] = await consumer.committed(place) or 0
            lag = Counter(dict.fromkeys((place.topic for place in mine), 0))
            for place, end in (await consumer.end_offsets(list(mine))).items():
                lag[place.topic] += max(0, end - max(stored.get(place, 0), before[place]))
            for topic, records in lag.items():
                metrics.LAG.labels(topic).set(records)
        except (KafkaError, IllegalStateError) as problem:
            log.debug("the lag cannot be told now: %s", problem)
        await asyncio.sleep(EVERY_S)
