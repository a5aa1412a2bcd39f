"""A real Kafka that forgets producers after seconds instead of a week."""

from collections.abc import Callable
from pathlib import Path

from aiokafka import AIOKafkaConsumer

from deploy.setup.topics import apply
from tests.support.servers import KafkaServer, start_kafka
from tests.support.stream_cluster import until

EXPIRY_MS = 4000
"""After so long without a transaction its id is unknown; what a partition knows of a producer goes sooner."""


def start_forgetful_kafka(directory: Path) -> KafkaServer:
    """Started, with the topics of the system."""
    server = start_kafka(
        directory,
        transactional_id_expiration_ms=EXPIRY_MS,
        transaction_remove_expired_transaction_cleanup_interval_ms=500,
        producer_id_expiration_ms=EXPIRY_MS // 2,
        producer_id_expiration_check_interval_ms=500,
    )
    apply(server.bootstrap)
    return server


async def wait_until_forgotten(bootstrap: str, prefix: str, count: int, describe: Callable[[], str] = str) -> None:
    """Waits until the coordinator has removed so many transactional ids that begin like this, and knows no other: it
    writes a tombstone for each."""
    consumer = AIOKafkaConsumer(
        "__transaction_state", bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await consumer.start()
    known: dict[bytes, bool] = {}

    async def are_forgotten() -> bool:
        for records in (await consumer.getmany(timeout_ms=200)).values():
            for record in records:
                if prefix.encode() in record.key:
                    known[record.key] = record.value is not None
        return len(known) == count and not any(known.values())

    try:
        await until(are_forgotten, f"Kafka to forget the transactional ids {prefix}…", describe)
    finally:
        await consumer.stop()
