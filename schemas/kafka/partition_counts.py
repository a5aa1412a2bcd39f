"""How many partitions the topics have. Every process takes that from Kafka: a key's partition follows from the count,
so two processes with different counts would give one person two states."""

import asyncio
import logging
import time
from collections.abc import Collection, Mapping

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from schemas.kafka.client_options import client_options
from schemas.kafka.client_settings import Kafka
from schemas.kafka.login import check_login
from schemas.process.errors import OperatorError

log = logging.getLogger(__name__)
SETTING = "FOOTPATH_PARTITIONS"
RETRY_AFTER_S = 0.25
SAID_EVERY_S = 60.0


class PartitionsDifferError(OperatorError):
    """The topics and FOOTPATH_PARTITIONS, or the topics among each other, do not agree; the message names them."""


async def read_counts(kafka: Kafka) -> dict[str, int]:
    """Number of partitions of every topic that Kafka knows; creates none. :raises KafkaError: no broker answers."""
    client = AIOKafkaClient(**client_options(kafka))
    try:
        await client.bootstrap()
        # Without a list of names: brokers that create topics by themselves create those that a client asks for.
        cluster = await client.fetch_all_metadata()
        return {topic: len(cluster.partitions_for_topic(topic) or ()) for topic in cluster.topics()}
    finally:
        await client.close()


def common_count(counts: Mapping[str, int], topics: Collection[str], configured: int) -> int:
    """The number of partitions that each of the topics has.

    :param counts: of the topics that exist, all of ``topics`` among them.
    :param configured: the operator's FOOTPATH_PARTITIONS, 0 when it is not set.
    :raises PartitionsDifferError: the topics have different counts, or others than configured.
    """
    found = sorted({counts[topic] for topic in topics})
    if len(found) > 1:
        by_count = "; ".join(
            f"{count} partitions: {', '.join(topic for topic in sorted(topics) if counts[topic] == count)}"
            for count in found
        )
        raise PartitionsDifferError(
            f"topics that share keys have different numbers of partitions, so a person would have several states: "
            f"{by_count}. See `footpath topics grow --help` for what can be done"
        )
    (count,) = found
    if configured not in (0, count):
        raise PartitionsDifferError(
            f"{SETTING}={configured}: the topics have {count} partitions. Processes take the number from the topics: "
            f"unset {SETTING}, or set it to {count}"
        )
    return count


async def await_count(kafka: Kafka, topics: Collection[str], configured: int) -> int:
    """:func:`common_count`, once Kafka answers and has all the topics; waits for both without a limit, and says so once
    a minute.

    :raises OperatorError: the counts differ, or Kafka refuses TLS or the login.
    """
    said_at_s = float("-inf")
    while True:
        try:
            counts = await read_counts(kafka)
            missing = [topic for topic in topics if not counts.get(topic)]
            if not missing:
                return common_count(counts, topics, configured)
            waits_for = f"{', '.join(missing)}: run `footpath topics apply`"
        except (KafkaError, OSError) as error:
            await check_login(kafka)
            waits_for = f"Kafka ({type(error).__name__})"
        if time.monotonic() - said_at_s > SAID_EVERY_S:
            said_at_s = time.monotonic()
            log.warning("waiting for %s", waits_for)
        await asyncio.sleep(RETRY_AFTER_S)
