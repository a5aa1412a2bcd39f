"""Ground that gives way: brokers with settings of a test's own, and small disks that fill up."""

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
from tests.parts import KafkaPart
from tests.processors.street import Street, until

FILLER = "filler"
LEFT_OF_A_KEY = 3


def build_broker(directory: Path, advertised: int | None = None, **settings: str) -> KafkaPart:
    """A broker, laid out and not started. ``settings`` have underscores for dots.

    :param advertised: the port that it tells its clients, where a wire leads to it.
    """
    place = kafka.Place(directory, ports.free(), ports.free())
    install = kafka.prepare(cache_directory(os.environ), print)
    kafka.lay_out(install, place)
    extra = {name.replace("_", "."): value for name, value in settings.items()}
    if advertised is not None:
        extra |= _advertising(place, advertised)
    with place.properties_file.open("a") as file:
        file.writelines(f"{name}={value}\n" for name, value in extra.items())
    return KafkaPart(
        argv=kafka.command(install, place),
        log=directory / "kafka.log",
        answers=lambda: kafka.answers(place.bootstrap),
        bootstrap=place.bootstrap,
    )


def _advertising(place: kafka.Place, port: int) -> dict[str, str]:
    """Clients come by ``port``; what the broker has to tell itself goes by a listener of its own."""
    here, inner = ports.LOCALHOST, f"INNER://{ports.LOCALHOST}:{ports.free()}"
    return {
        "listeners": f"PLAINTEXT://{here}:{place.port},{inner},CONTROLLER://{here}:{place.controller_port}",
        "advertised.listeners": f"PLAINTEXT://{here}:{port},{inner}",
        "inter.broker.listener.name": "INNER",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,INNER:PLAINTEXT,CONTROLLER:PLAINTEXT",
    }


@contextmanager
def small_disk(directory: Path, megabytes: int) -> Iterator[Path]:
    """A file system of so many megabytes at ``directory``. :raises PermissionError: none may be mounted here."""
    directory.mkdir(parents=True, exist_ok=True)
    mounting = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "footpath-test", str(directory)],
        capture_output=True,
        text=True,
    )
    if mounting.returncode:
        raise PermissionError(f"a small disk cannot be mounted here (that takes root): {mounting.stderr.strip()}")
    try:
        yield directory
    finally:
        # Lazily: whoever still has a file open there keeps it, and nobody is left with a busy mount.
        subprocess.run(["umount", "--lazy", str(directory)], check=True)


@asynccontextmanager
async def full(disk: Path) -> AsyncIterator[None]:
    """Not a byte is left on the disk inside the block."""
    await asyncio.to_thread(_fill, disk / FILLER)  # the phones of the test go on meanwhile
    try:
        yield
    finally:
        (disk / FILLER).unlink()


def _fill(filler: Path) -> None:
    with filler.open("ab", buffering=0) as file:
        for piece in (1 << 20, 1 << 12, 1):
            try:
                while file.write(bytes(piece)):
                    pass
            except OSError:
                continue


@contextmanager
def workers_broker(directory: Path) -> Iterator[KafkaPart]:
    """A broker with the topics of the system, which compacts at once what may be compacted."""
    part = build_broker(directory, log_cleaner_backoff_ms="200")
    part.start()
    apply(part.bootstrap)
    yield part
    part.stop()


async def configure(street: Street, topic: str, **settings: str) -> None:
    """Replaces the settings of a topic; names have underscores for dots."""
    admin = AIOKafkaAdminClient(bootstrap_servers=street.kafka)
    await admin.start()
    try:
        dotted = {name.replace("_", "."): value for name, value in settings.items()}
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, dotted)])
    finally:
        await admin.close()


async def empty(street: Street, topic: str) -> None:
    """Deletes every record of a compacted topic: what is left begins where it ends."""
    await configure(street, topic, cleanup_policy="delete")
    admin = AIOKafkaAdminClient(bootstrap_servers=street.kafka)
    ends = {TopicPartition(topic, number): RecordsToDelete(before_offset=-1) for number in range(PARTITIONS)}

    async def is_empty() -> bool:
        try:
            await admin.delete_records(ends)
        except PolicyViolationError:  # the broker has not taken the new policy to heart yet
            return False
        return True

    await admin.start()
    try:
        await until(is_empty, 10, f"{topic} to be emptied")
    finally:
        await admin.close()
    await configure(street, topic, cleanup_policy="compact")


async def compacted(street: Street, topic: str) -> None:
    """Waits until records of a topic whose keys were written many times are gone from its middle: of each key the
    last is left, and what the open segment has."""

    async def is_compacted() -> bool:
        left = Counter((record.partition, record.key) for record in await street.read(topic))
        return max(left.values()) <= LEFT_OF_A_KEY

    await until(is_compacted, 90, f"{topic} to be compacted")
