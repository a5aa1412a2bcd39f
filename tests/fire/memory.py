"""What workers remember, seen from outside: the changelog's last words, a restore of them, and the rows on disk."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import rocksdict

from processors.context.core import PROCESSOR as CONTEXT
from processors.identity.core import PROCESSOR as IDENTITY
from processors.rewards.core import PROCESSOR as REWARDS
from processors.shell.changelog import restore
from processors.shell.kept import Active, KeptCodec
from processors.shell.store import MemoryStore
from processors.step import Emit, Processor
from schemas.batches import Batches
from schemas.events import TouchpointIdentified
from schemas.ids import partition_of
from schemas.topics import PARTITIONS, changelog
from tests.processors.street import Street
from tests.stories.stage import Stage
from tests.stories.world import route, world

PROCESSORS: tuple[Processor[Any], ...] = (IDENTITY, CONTEXT, REWARDS)
POSITION = b"\0position"
STRANGERS = 90_000
Rows = dict[bytes, bytes]


async def remember_strangers(street: Street) -> None:
    """A long changelog of rewards, with an older word on everybody that is wrong."""
    codec, topic, batches = KeptCodec(REWARDS.state), changelog("rewards"), Batches(street.producer)
    people: list[list[bytes]] = [[] for _ in range(PARTITIONS)]
    for number in range(STRANGERS):
        person = f"stranger-{number}"
        people[partition_of(person, PARTITIONS)].append(person.encode())
    for word in ("wrong", "right"):
        value = codec.encode(Active(None, f"{word} ".encode() * 8))
        for number, keys in enumerate(people):
            await batches.add(topic, number, [(key, value, []) for key in keys])
    await street.producer.flush()


async def last_words(street: Street, processor: str) -> Rows:
    """The changelog's last committed row for each key, watermarks included."""
    words: Rows = {}
    for record in await street.read(changelog(processor), committed=True):
        # Watermarks are one for each partition, so the partition is part of what tells them apart.
        words[_at(record.partition, record.key)] = record.value
    return words


async def restored(street: Street, processor: str) -> Rows:
    """What a worker without a disk would know after its start."""
    rows: Rows = {}
    for number in range(PARTITIONS):
        store = MemoryStore()
        await restore(street.kafka, processor, number, store)
        rows |= {_at(number, key): value for key, value in store.rows()}
    return rows


def on_disk(street: Street, instance: str, processor: str) -> Rows:
    """The rows in the stores of a worker, also while it runs."""
    rows: Rows = {}
    for number in range(PARTITIONS):
        with _Disk(street, instance, processor, number) as disk:
            rows |= {_at(number, key): value for key, value in disk.items() if key != POSITION}
    return rows


def positions_on_disk(street: Street, instance: str, processor: str) -> list[int]:
    """How far each partition's store has come in the changelog; 0 where there is none yet."""
    positions = []
    for number in range(PARTITIONS):
        try:
            with _Disk(street, instance, processor, number) as disk:
                positions.append(int(disk.get(POSITION) or 0))
        except Exception as error:  # rocksdict has one class for everything: no file yet, a file that just went
            assert "rror" in str(error), error
            positions.append(0)
    return positions


def folded(events: Sequence[Any]) -> dict[str, dict[bytes, bytes]]:
    """The states of each processor, by key, after an untroubled run over the events: a fold over its core."""
    here = world(route("buy"))
    stages = {processor.name: Stage(processor, here) for processor in PROCESSORS}
    for event in events:
        for effect in stages["identity"].hears(event):
            if isinstance(effect, Emit) and isinstance(effect.event, TouchpointIdentified):
                stages["context"].hears(effect.event)
                stages["rewards"].hears(effect.event)
    return {
        processor.name: {
            key.encode(): KeptCodec(processor.state).encode(kept) for key, kept in stages[processor.name].kept.items()
        }
        for processor in PROCESSORS
    }


def of_people(rows: Mapping[bytes, bytes], keys: set[bytes]) -> Rows:
    """The rows of these keys, by key alone: neither watermarks nor people of other tests."""
    return {key.partition(b"/")[2]: value for key, value in rows.items() if key.partition(b"/")[2] in keys}


def state_hash(rows: Mapping[bytes, bytes]) -> str:
    """The same for the same rows, whatever their order."""
    digest = hashlib.sha256()
    for key, value in sorted(rows.items()):
        digest.update(b"%d %d " % (len(key), len(value)) + key + value)
    return digest.hexdigest()


class _Disk:
    """A partition's store, opened beside the worker that may have it open."""

    def __init__(self, street: Street, instance: str, processor: str, number: int) -> None:
        self._folder: Path = street.data / "workers" / instance / processor / str(number)

    def __enter__(self) -> rocksdict.Rdict:
        options = rocksdict.Options(raw_mode=True)
        self._rows = rocksdict.Rdict(str(self._folder), options, access_type=rocksdict.AccessType.read_only())
        return self._rows

    def __exit__(self, *_: object) -> None:
        self._rows.close()


def _at(partition: int, key: bytes) -> bytes:
    return b"%d/" % partition + key
