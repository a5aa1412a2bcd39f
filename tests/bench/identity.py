"""Identity on events with three identifiers, 1M people in state to 10,000, in memory and RocksDB; what a person takes.

Each event names a customer, an e-mail address and a device, nearly always ones that are known to belong together; one
in ten shows a device that was never seen, which the stream has to join. People are drawn from all that there are.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from random import Random

from processors.identity.core import PROCESSOR
from processors.shell.changelog import restore
from processors.shell.desk import Desk
from processors.shell.store import MemoryStore, RocksStore
from processors.world import World
from schemas.events import IdentitySignalled, TouchpointRecorded
from schemas.ids import derived, partition_of, person_of
from schemas.topics import IDENTITY_SIGNALLED, PARTITIONS, TOUCHPOINT_IDENTIFIED, TOUCHPOINT_RECORDED, changelog
from tests.bench import people, stream
from tests.bench.contenders.sending import Row
from tests.bench.figures import Figure
from tests.bench.ground import Ground, NotMeasured, Process
from tests.bench.stream import Pace, cpu_note
from tests.bench.workers import opened, settled, working

FEW = 10_000
KINDS = ("customer", "email", "device")
NEW_DEVICE_SHARE = 0.1
STORES = ("memory", "rocksdb")


def measure(ground: Ground) -> list[Figure]:
    many = ground.size(1_000_000, 50_000)
    rows = ground.size(60_000, 15_000)
    paces: dict[tuple[str, int], list[Pace]] = defaultdict(list)
    restored: list[float] = []
    with ExitStack() as stack:
        towns = {count: _town(ground, stack, count) for count in (FEW, many)}
        for number in range(ground.rounds):
            restored.append(_restore(towns[many][0], ground.new_folder("restored"), many * len(KINDS)))
            for store in STORES:
                for count in (FEW, many) if number % 2 == 0 else (many, FEW):
                    ground.say(f"round {number + 1} of {ground.rounds}: {count:,} people, {store}")
                    events = _encounters(rows, count, number * rows, store)
                    paces[store, count].append(_run(ground, *towns[count], store, events, rows))
    size = sum(len(key) + len(value) for key, value in _known_person().items())
    return [
        *(figure for store in STORES for figure in _compared(store, many, paces[store, many], paces[store, FEW])),
        Figure(
            "state of a person with three identifiers", "bytes", [size], at_most=1500, note="in memory, keys included"
        ),
        Figure("restore of people into an empty RocksDB", "keys/s", restored, at_least=50_000),
    ]


def _compared(store: str, count: int, many: list[Pace], few: list[Pace]) -> list[Figure]:
    times = [a.cpu_us / b.cpu_us for a, b in zip(many, few, strict=True)]
    return [
        Figure(
            f"identity, three identifiers, {count:,} people, {store}",
            "events/s",
            [pace.rows_per_s for pace in many],
            at_least=8_000,
            note=cpu_note(many),
        ),
        Figure(f"  {FEW:,} people", "events/s", [pace.rows_per_s for pace in few], note=cpu_note(few)),
        Figure(f"  one event with {count:,} people to {FEW:,}, CPU", "×", times, at_most=1.3),
    ]


def identifiers(person: int) -> tuple[str, ...]:
    """The customer number first: it is the strongest."""
    return tuple(f"{kind}:{derived('bench', kind, str(person)).replace('-', '')}" for kind in KINDS)


def encounter(number: int, known: tuple[str, ...], series: str = "") -> TouchpointRecorded:
    """``series`` tells several events of one number apart."""
    at = people.NOON_US + number * 1_000_000
    return TouchpointRecorded(
        event_id=derived("bench encounter", series, str(number)),
        type="store_entry",
        occurred_at=at,
        received_at=at,
        source="bench",
        anchor=known[0],
        identifiers=known,
    )


def _encounters(count: int, among: int, first: int, series: str) -> Iterator[TouchpointRecorded]:
    random = Random(f"{series} {first}")
    for number in range(first, first + count):
        known = identifiers(random.randrange(among))
        if random.random() < NEW_DEVICE_SHARE:
            known = (*known[:2], f"device:{derived('bench new device', series, str(number)).replace('-', '')}")
        yield encounter(number, known, series)


def _known_person() -> dict[bytes, bytes]:
    """The rows of somebody who was seen once, as the desk itself makes them, after every signal has had its turn."""
    desk = Desk(PROCESSOR, people.CODEC, MemoryStore(), 0, reject_limit=1, publish=lambda event, partition: None)
    _, (key, value, _) = people.row(encounter(0, identifiers(0)))
    topic, records, world = TOUCHPOINT_RECORDED.name, [people.Record(0, key, value)], World(people.demo_brand())
    while records:
        desk.take(topic, records, world)
        signals = [effect.event for effect in desk.take_sealed() if isinstance(effect.event, IdentitySignalled)]
        records = [people.Record(number, *people.row(signal)[1][:2]) for number, signal in enumerate(signals)]
        topic = IDENTITY_SIGNALLED.name
    return desk.take_dirty()


def _town(ground: Ground, stack: ExitStack, count: int) -> tuple[str, Path]:
    """A Kafka and a folder of stores in which so many people are known; all identifiers and ids are equally long."""
    ground.say(f"making {count:,} people")
    bootstrap, data = stack.enter_context(ground.kafka()).bootstrap, ground.new_folder("data")
    first = _names(0)
    template = [(key, value) for key, value in _known_person().items()]
    partitions: list[list[Row]] = [[] for _ in range(PARTITIONS)]
    for number in range(count):
        names = list(zip(first, _names(number), strict=True))
        for key, value in template:
            for old, new in names:
                key, value = key.replace(old, new), value.replace(old, new)
            partitions[partition_of(key.decode(), PARTITIONS)].append((key, value, []))
    asyncio.run(stream.fill(bootstrap, changelog(PROCESSOR.name), partitions))
    with _worker(ground, bootstrap, data) as worker:
        opened(worker)
        settled(worker)
        worker.stop()
    return bootstrap, data


def _names(person: int) -> list[bytes]:
    known = identifiers(person)
    return [name.encode() for name in (*known, *map(person_of, known))]


def _restore(bootstrap: str, folder: Path, keys: int) -> float:
    """Keys a second, the four partitions side by side as in a worker."""

    async def all_of_them() -> float:
        stores = [RocksStore(folder / str(number)) for number in range(PARTITIONS)]
        began = time.perf_counter()
        try:
            work = (restore(bootstrap, PROCESSOR.name, number, store) for number, store in enumerate(stores))
            found = sum(await asyncio.gather(*work))
            seconds = time.perf_counter() - began
        finally:
            for store in stores:
                store.close()
        if found < keys:
            raise NotMeasured(f"{found} of {keys} keys were restored")
        return found / seconds

    return asyncio.run(all_of_them())


def _run(
    ground: Ground, bootstrap: str, data: Path, store: str, events: Iterator[TouchpointRecorded], rows: int
) -> Pace:
    asyncio.run(stream.fill(bootstrap, TOUCHPOINT_RECORDED.name, stream.spread(map(people.row, events))))
    with _worker(ground, bootstrap, data, store) as worker:
        signals = [IDENTITY_SIGNALLED.name]
        pace = asyncio.run(stream.pace(bootstrap, TOUCHPOINT_IDENTIFIED.name, rows, worker, aftermath=signals))
        worker.stop()
    return pace


def _worker(ground: Ground, bootstrap: str, data: Path, store: str = "rocksdb") -> AbstractContextManager[Process]:
    return working(ground, bootstrap, data, PROCESSOR.name, PROCESSOR.name, store=store)
