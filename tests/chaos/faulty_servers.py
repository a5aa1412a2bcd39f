"""Faults of servers: brokers with special settings, topics that are compacted or emptied, and disks that fill up."""

import asyncio
import os
import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.admin.records_to_delete import RecordsToDelete
from aiokafka.errors import PolicyViolationError

from deploy.local import kafka, ports
from deploy.local.settings import cache_directory
from deploy.setup.topics import apply
from schemas.topics import PARTITIONS
from tests.support.servers import KafkaServer, broker_command
from tests.support.stream_cluster import StreamCluster, until

FILLER = "filler"
MAX_RECORDS_PER_KEY = 3


def build_broker(directory: Path, advertised: int | None = None, **settings: str) -> KafkaServer:
    """A broker whose directory is prepared; the caller starts it.

    :param advertised: the port that clients connect to, when a proxy stands before the broker.
    :param settings: broker settings, with underscores for dots.
    """
    broker = kafka.Broker(directory, ports.free(), ports.free())
    install = kafka.prepare(cache_directory(os.environ), print)
    kafka.prepare_directory(install, broker)
    extra = {name.replace("_", "."): value for name, value in settings.items()}
    if advertised is not None:
        extra |= _listener_settings(broker, advertised)
    with broker.properties_file.open("a") as file:
        file.writelines(f"{name}={value}\n" for name, value in extra.items())
    return KafkaServer(
        argv=broker_command(install, broker),
        log=directory / "kafka.log",
        is_serving=lambda: kafka.is_serving(broker.bootstrap),
        bootstrap=broker.bootstrap,
    )


def _listener_settings(broker: kafka.Broker, advertised: int) -> dict[str, str]:
    """Clients connect to the port ``advertised``; the broker's connections to itself use a listener of their own."""
    host, internal = ports.LOCALHOST, f"INTERNAL://{ports.LOCALHOST}:{ports.free()}"
    return {
        "listeners": f"PLAINTEXT://{host}:{broker.port},{internal},CONTROLLER://{host}:{broker.controller_port}",
        "advertised.listeners": f"PLAINTEXT://{host}:{advertised},{internal}",
        "inter.broker.listener.name": "INTERNAL",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
    }


@contextmanager
def small_disk(directory: Path, megabytes: int) -> Iterator[Path]:
    """A tmpfs of ``megabytes`` mounted at ``directory``. :raises PermissionError: this process may not mount one."""
    directory.mkdir(parents=True, exist_ok=True)
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "footpath-test", str(directory)],
        capture_output=True,
        text=True,
    )
    if mount.returncode:
        raise PermissionError(f"a small disk cannot be mounted without root: {mount.stderr.strip()}")
    try:
        yield directory
    finally:
        # Lazily, because a process that still has a file open there would make the unmount fail as busy.
        subprocess.run(["umount", "--lazy", str(directory)], check=True)


@asynccontextmanager
async def filled_disk(disk: Path) -> AsyncIterator[None]:
    """Inside the block the disk is full to the last byte."""
    await asyncio.to_thread(_fill, disk / FILLER)  # in a thread, so that the load of the test continues
    try:
        yield
    finally:
        (disk / FILLER).unlink()


def _fill(filler: Path) -> None:
    with filler.open("ab", buffering=0) as file:
        for chunk_bytes in (1 << 20, 1 << 12, 1):
            try:
                while file.write(bytes(chunk_bytes)):
                    pass
            except OSError:
                continue


@contextmanager
def compacting_broker(directory: Path) -> Iterator[KafkaServer]:
    """A running broker with all topics whose log cleaner looks for work every 200 ms, so that compaction soon runs."""
    broker = build_broker(directory, log_cleaner_backoff_ms="200")
    broker.start()
    apply(broker.bootstrap)
    yield broker
    broker.stop()


async def configure(cluster: StreamCluster, topic: str, **settings: str) -> None:
    """Replaces the settings of a topic; their names have underscores for dots."""
    admin = AIOKafkaAdminClient(bootstrap_servers=cluster.kafka)
    await admin.start()
    try:
        dotted = {name.replace("_", "."): value for name, value in settings.items()}
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, dotted)])
    finally:
        await admin.close()


async def delete_all_records(cluster: StreamCluster, topic: str) -> None:
    """Deletes every record of a compacted topic; afterwards the first offset of each partition is its end offset."""
    await configure(cluster, topic, cleanup_policy="delete")
    admin = AIOKafkaAdminClient(bootstrap_servers=cluster.kafka)
    ends = {TopicPartition(topic, number): RecordsToDelete(before_offset=-1) for number in range(PARTITIONS)}

    async def is_empty() -> bool:
        try:
            await admin.delete_records(ends)
        except PolicyViolationError:  # the broker does not apply the new cleanup policy yet
            return False
        return True

    await admin.start()
    try:
        await until(is_empty, f"{topic} to be emptied")
    finally:
        await admin.close()
    await configure(cluster, topic, cleanup_policy="compact")


async def wait_until_compacted(cluster: StreamCluster, topic: str) -> None:
    """Waits until a topic whose keys were written many times is compacted.

    Then each key has its last record and those of the open segment: at most ``MAX_RECORDS_PER_KEY``.
    """

    async def is_compacted() -> bool:
        left = Counter((record.partition, record.key) for record in await cluster.read(topic))
        return max(left.values()) <= MAX_RECORDS_PER_KEY

    await until(is_compacted, f"{topic} to be compacted")
