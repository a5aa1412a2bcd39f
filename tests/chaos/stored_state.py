"""State of the workers of a stream cluster: the last rows of changelogs, a restore of them, and the rows on disk."""

import hashlib
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import rocksdict

from processors.registry import PROCESSORS
from processors.shell.state.changelog import restore
from processors.shell.state.records import Active, StateRecordCodec
from processors.shell.state.store import TIMER, TIMERS_VERSION, MemoryStore
from processors.step import Emit
from schemas.kafka.partitioner import partition_of
from schemas.kafka.producer import BatchProducer
from schemas.topics import BY_EVENT, PARTITIONS, changelog
from tests.support.harness import Harness
from tests.support.reference import reference, route
from tests.support.stream_cluster import StreamCluster

POSITION = b"\0position"
OWN_ROWS = (POSITION, b"\0origin", TIMERS_VERSION)
"""What a store knows of itself."""
FILLED_KEYS = 90_000
Rows = dict[bytes, bytes]


async def fill_changelog(cluster: StreamCluster) -> None:
    """Writes a changelog of rewards with ``FILLED_KEYS`` people, with a wrong row before the right one of each."""
    codec = StateRecordCodec(PROCESSORS["rewards"].state)
    batches = BatchProducer(cluster.producer)
    keys_by_partition: list[list[bytes]] = [[] for _ in range(PARTITIONS)]
    for number in range(FILLED_KEYS):
        person = f"filled-{number}"
        keys_by_partition[partition_of(person, PARTITIONS)].append(person.encode())
    for word in ("wrong", "right"):
        value = codec.encode(Active(None, f"{word} ".encode() * 8))
        for partition, keys in enumerate(keys_by_partition):
            await batches.add(changelog("rewards"), partition, [(key, value, []) for key in keys])
    await cluster.producer.flush()


async def last_rows(cluster: StreamCluster, processor: str) -> Rows:
    """The changelog's last committed row for each key, watermarks included."""
    rows: Rows = {}
    for record in await cluster.read(changelog(processor), committed=True):
        # Rows such as watermarks have the same keys in all partitions, so the partition is part of the key here.
        rows[_with_partition(record.partition, record.key)] = record.value
    return rows


async def restored_rows(cluster: StreamCluster, processor: str) -> Rows:
    """The rows that a worker without a disk restores from the changelog, watermarks included."""
    rows: Rows = {}
    for number in range(PARTITIONS):
        store = MemoryStore()
        await restore(cluster.kafka, processor, number, store)
        rows |= {_with_partition(number, key): value for key, value in store.rows()}
    return rows


def rows_on_disk(cluster: StreamCluster, instance: str, processor: str) -> Rows:
    """The rows in the stores of a worker, which may be running."""
    rows: Rows = {}
    for number in range(PARTITIONS):
        with _OpenStore(cluster, instance, processor, number) as disk:
            rows |= {_with_partition(number, key): value for key, value in disk.items() if _is_row(key)}
    return rows


def _is_row(key: bytes) -> bool:
    """Whether it is a row of the changelog: timers are derived, and differ with what was restored."""
    return key not in OWN_ROWS and not key.startswith(TIMER)


def positions_on_disk(cluster: StreamCluster, instance: str, processor: str) -> list[int]:
    """The changelog position of each partition's store; 0 for a store that does not exist yet."""
    positions = []
    for number in range(PARTITIONS):
        try:
            with _OpenStore(cluster, instance, processor, number) as disk:
                positions.append(int(disk.get(POSITION) or 0))
        except (
            Exception
        ) as error:  # rocksdict raises bare exceptions, also for a file that is missing yet or was just deleted
            assert "rror" in str(error), error
            positions.append(0)
    return positions


def folded_states(events: Sequence[Any]) -> dict[str, dict[bytes, bytes]]:
    """The encoded states, by processor and key, of a fold of the cores over the events: a run without faults."""
    reference_data = reference(route("buy"))
    harnesses = {name: Harness(processor, reference_data, finds_sales=False) for name, processor in PROCESSORS.items()}
    waiting = deque(events)
    while waiting:
        event = waiting.popleft()
        for name, processor in PROCESSORS.items():
            if BY_EVENT[type(event)] in processor.sources:
                effects = harnesses[name].apply(event)
                waiting += [effect.event for effect in effects if isinstance(effect, Emit)]
    return {
        name: {
            key.encode(): StateRecordCodec(processor.state).encode(record)
            for key, record in harnesses[name].records.items()
        }
        for name, processor in PROCESSORS.items()
    }


def rows_of_keys(rows: Mapping[bytes, bytes], keys: set[bytes]) -> Rows:
    """The rows of these keys, by key without partition; drops watermarks and the people of other tests."""
    return {key.partition(b"/")[2]: value for key, value in rows.items() if key.partition(b"/")[2] in keys}


def state_hash(rows: Mapping[bytes, bytes]) -> str:
    """SHA-256 of the rows in the order of their keys, in hex."""
    digest = hashlib.sha256()
    for key, value in sorted(rows.items()):
        digest.update(b"%d %d " % (len(key), len(value)) + key + value)
    return digest.hexdigest()


class _OpenStore:
    """A partition's store, opened for reading; the worker may have it open as well."""

    def __init__(self, cluster: StreamCluster, instance: str, processor: str, number: int) -> None:
        self._folder: Path = cluster.data / "workers" / instance / processor / str(number)

    def __enter__(self) -> rocksdict.Rdict:
        options = rocksdict.Options(raw_mode=True)
        self._rows = rocksdict.Rdict(str(self._folder), options, access_type=rocksdict.AccessType.read_only())
        return self._rows

    def __exit__(self, *_: object) -> None:
        self._rows.close()


def _with_partition(partition: int, key: bytes) -> bytes:
    return b"%d/" % partition + key
