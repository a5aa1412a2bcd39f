"""State of the workers of an embedded stack: in their changelogs, in their stores, and as it must be."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rocksdict import AccessType, Options, Rdict

from processors.reference import Reference
from processors.registry import PROCESSORS
from processors.shell.reject_limit import RejectLimit
from processors.shell.state.changelog import WATERMARK
from processors.shell.state.store import MemoryStore
from processors.shell.task import StreamTask
from schemas.brand.fold import BrandFold
from schemas.codec.avro import Codec
from schemas.topics import BRAND_CONFIGURED, FOREVER_MS, SALE_REFERENCED, SALE_RETURNED, changelog
from tests.support.stream_cluster import StreamCluster

CODEC = Codec()
NO_LIMIT = 1_000_000_000
POSITION, ORIGIN = b"\0position", b"\0origin"
Rows = dict[bytes, bytes]
ABOUT_RETURNS = (SALE_REFERENCED, SALE_RETURNED)
ABOUT_SALES = ("context", "rewards")


@dataclass
class ChangelogContent:
    """The changelog of one processor, without watermarks and the pages of dedup windows.

    :param last_rows: the last row of each key. :param keys: by partition. :param every_row: also those replaced since.
    """

    last_rows: Rows = field(default_factory=dict)
    keys: dict[int, set[bytes]] = field(default_factory=lambda: defaultdict(set))
    every_row: set[tuple[bytes, bytes]] = field(default_factory=set)


async def read_changelogs(kafka: str) -> dict[str, ChangelogContent]:
    """The committed changelogs by processor, read when every processor has committed all its source records."""
    cluster = _cluster(kafka)
    await cluster.quiet(*PROCESSORS)
    changelogs = {name: ChangelogContent() for name in PROCESSORS}
    for name, content in changelogs.items():
        for record in await cluster.read(changelog(name), committed=True):
            if not record.key.startswith(WATERMARK):
                content.last_rows[record.key] = record.value
                content.keys[record.partition].add(record.key)
                content.every_row.add((record.key, record.value))
    return changelogs


async def single_run_states(kafka: str) -> dict[str, Rows]:
    """The states, by processor, after one worker has processed each partition in a single batch.

    Of the sources only the first one and those about returns are read: as long as no people are joined, the others
    change no state; neither does stock. The states of ABOUT_SALES have no people whose sales were named by returns.
    """
    cluster, fold = _cluster(kafka), BrandFold()
    for event in await cluster.events(BRAND_CONFIGURED):
        fold.apply(event)
    assert fold.brand is not None
    reference, states = Reference(fold.brand), {}
    for name, processor in PROCESSORS.items():
        states[name] = rows = Rows()
        tasks: dict[int, StreamTask] = {}
        for source in (one for one in processor.sources if one in (processor.sources[0], *ABOUT_RETURNS)):
            for number, records in _by_partition(await cluster.read(source.name, committed=True)).items():
                if number not in tasks:
                    tasks[number] = StreamTask(
                        processor, CODEC, MemoryStore(), number, RejectLimit(NO_LIMIT), lambda effect: None
                    )
                tasks[number].process(source.name, records, reference)
        for task in tasks.values():
            rows |= {key: row for key, row in task.take_changed_rows().items() if not key.startswith(WATERMARK)}
    # Context sums a person's older sales, and both keep the ids of events in their order of arrival: the bytes of these
    # states depend on when the return was found. Points and purchases are compared in the tables.
    for event in await cluster.events(SALE_RETURNED):
        for name in ABOUT_SALES:
            states[name].pop(event.person_id.encode(), None)
    return states


def compare_with_stores(changelogs: dict[str, ChangelogContent], workers: Path) -> None:
    """Asserts that stores and changelogs agree.

    Several workers may have a store of one partition: the one with the highest changelog position has the last rows,
    and none has a row that was never committed to the changelog.
    """
    for name, content in changelogs.items():
        for number, keys in content.keys.items():
            stores = [_store_content(folder, name) for folder in workers.glob(f"*/{name}/{number}")]
            for rows, _ in stores:
                assert rows.items() <= content.every_row, f"a store of {name} {number} has a row that was not committed"
            newest, _ = max(stores, key=lambda store: store[1])
            assert newest == {key: content.last_rows[key] for key in keys}, f"{name} {number}"


def _store_content(folder: Path, processor: str) -> tuple[Rows, int]:
    """Rows of a store, without watermarks and dedup pages, and the store's position in the changelog.

    Where rows are kept for a time, RocksDB has the time of writing behind each value (DBWithTTL: four bytes).
    """
    store = Rdict(str(folder), Options(raw_mode=True), access_type=AccessType.read_only())
    end = None if PROCESSORS[processor].state_kept_ms == FOREVER_MS else -4
    rows = {bytes(key): bytes(value)[:end] for key, value in store.items()}
    store.close()
    position = int(rows.pop(POSITION, b"0"))
    rows.pop(ORIGIN, None)  # the store's own: which changelog it belongs to
    return {key: value for key, value in rows.items() if not key.startswith(WATERMARK)}, position


def _by_partition(records: Iterable[Any]) -> dict[int, list[Any]]:
    partitions: dict[int, list[Any]] = defaultdict(list)
    for record in records:
        partitions[record.partition].append(record)
    return partitions


def _cluster(kafka: str) -> StreamCluster:
    """A cluster that only reads topics and offsets."""
    return StreamCluster(kafka, data=Path(), producer=None)
