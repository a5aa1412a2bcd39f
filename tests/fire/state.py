"""The workers' state, seen from outside: what their changelogs say, what is on their disks, and what it ought to be."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rocksdict import AccessType, Options, Rdict

from processors.shell.changelog import WATERMARK
from processors.shell.desk import Desk
from processors.shell.store import MemoryStore
from processors.worker import PROCESSORS
from processors.world import World
from schemas.brand.items import BrandFold
from schemas.codec import Codec
from schemas.topics import BRAND_CONFIGURED, changelog
from tests.processors.street import Street as Stream

CODEC = Codec()
NO_LIMIT = 1_000_000_000
QUIET_S = 60
Rows = dict[bytes, bytes]


@dataclass
class Changelog:
    """Of one processor: the last word on each key, and all that was ever said, by partition."""

    last: Rows = field(default_factory=dict)
    keys: dict[int, set[bytes]] = field(default_factory=lambda: defaultdict(set))
    said: set[tuple[bytes, bytes]] = field(default_factory=set)


async def read_changelogs(kafka: str) -> dict[str, Changelog]:
    """What is committed once every processor has done all its work."""
    stream = _stream(kafka)
    await stream.quiet(*PROCESSORS, timeout_s=QUIET_S)
    read = {name: Changelog() for name in PROCESSORS}
    for name, log in read.items():
        for record in await stream.read(changelog(name), committed=True):
            if not record.key.startswith(WATERMARK):
                log.last[record.key] = record.value
                log.keys[record.partition].add(record.key)
                log.said.add((record.key, record.value))
    return read


async def undisturbed(kafka: str) -> dict[str, Rows]:
    """The states that one worker leaves behind which takes the topics in one go, for each processor.

    Only the first source counts: the others change no state as long as no people are joined. Stock changes none.
    """
    stream, fold = _stream(kafka), BrandFold()
    for event in await stream.events(BRAND_CONFIGURED):
        fold.apply(event)
    assert fold.brand is not None
    world, states = World(fold.brand), {}
    for name, processor in PROCESSORS.items():
        source = processor.sources[0]
        states[name] = rows = Rows()
        for number, records in _by_partition(await stream.read(source.name)).items():
            desk = Desk(processor, CODEC, MemoryStore(), number, NO_LIMIT, lambda event, partition: None)
            desk.take(source.name, records, world)
            rows |= {key: row for key, row in desk.take_dirty().items() if not key.startswith(WATERMARK)}
    return states


def compare_with_stores(changelogs: dict[str, Changelog], workers: Path) -> None:
    """Of all stores of a partition (several workers had it at some time) the one that went furthest is the last word,
    and none has a row that the changelog never had."""
    for name, log in changelogs.items():
        for number, keys in log.keys.items():
            stores = [_content(folder) for folder in workers.glob(f"*/{name}/{number}")]
            for rows, _ in stores:
                assert rows.items() <= log.said, f"a store of {name} {number} knows what was never committed"
            newest, _ = max(stores, key=lambda store: store[1])
            assert newest == {key: log.last[key] for key in keys}, f"{name} {number}"


def _content(folder: Path) -> tuple[Rows, int]:
    """Rows of a store, and how far in the changelog it is."""
    store = Rdict(str(folder), Options(raw_mode=True), access_type=AccessType.read_only())
    rows = {bytes(key): bytes(value) for key, value in store.items()}
    store.close()
    position = int(rows.pop(b"\0position", b"0"))
    return {key: value for key, value in rows.items() if not key.startswith(WATERMARK)}, position


def _by_partition(records: Iterable[Any]) -> dict[int, list[Any]]:
    runs: dict[int, list[Any]] = defaultdict(list)
    for record in records:
        runs[record.partition].append(record)
    return runs


def _stream(kafka: str) -> Stream:
    return Stream(kafka, data=Path(), producer=None)
