"""`footpath replay state`: a processor's state anew from its sources, held against its changelog, or put in its place.

Sources are taken up to where the changelog's state is. What the processor tells itself (signals between identifiers,
parts on the move, traits in blocks) follows from that and has its turn at once; those topics are not read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError, ProducerFenced

from deploy.errors import Refused
from deploy.replaying.canonical import Canonical, hash_of
from deploy.replaying.changelogs import count_between, read_changelogs, taken
from deploy.replaying.groups import Offsets, committed_by, members_of
from deploy.replaying.order import in_order
from deploy.replaying.reading import places_of, reader, spans
from deploy.replaying.rebuilding import Rebuilding, Worlds, own_topics
from deploy.replaying.screen import Screen
from deploy.replaying.versions import Told, raised, read_told
from deploy.replaying.world import read_brands
from processors.shell.changelog import WATERMARK, open_changelog
from processors.shell.kept import Active, KeptCodec
from processors.shell.recent import PAGE
from processors.shell.store import RocksStore
from processors.step import Processor
from schemas.codec import Codec
from schemas.topics import BY_NAME, changelog

TRANSACTION_TIMEOUT_MS = 600_000
EXAMPLES = 3
MODULUS = 1 << 128


@dataclass(frozen=True, slots=True)
class Compared:
    """A partition's state: keys and the sum of their rows' hashes (modulo 2^128), by its changelog and rebuilt."""

    partition: int
    keys: int
    was: int
    rebuilt_keys: int
    now: int
    differing: int
    examples: tuple[str, ...]

    @property
    def equal(self) -> bool:
        return not self.differing

    def __str__(self) -> str:
        if self.equal:
            return f"partition {self.partition}: equal, {self.keys:,} keys, {self.now:032x}"
        return (
            f"partition {self.partition}: {self.differing:,} keys differ, e.g. {', '.join(self.examples)}; "
            f"was {self.keys:,} keys, {self.was:032x}, from its sources {self.rebuilt_keys:,} keys, {self.now:032x}"
        )


@dataclass(frozen=True, slots=True)
class Replayed:
    """All partitions. ``under_way`` are records that the processor has told itself and not yet taken; what follows from
    them is in the rebuilt state already."""

    partitions: tuple[Compared, ...]
    under_way: int


async def replay(processor: Processor[Any], kafka: str, codec: Codec, folder: Path, write: bool) -> Replayed:
    """:param folder: for the stores while this runs. :param write: puts the rebuilt state in the changelog's place.

    :raises Refused: to write, the workers have to be stopped; or Kafka is away.
    """
    group = f"footpath-{processor.name}"
    if write and (members := await members_of(kafka, group)):
        raise Refused(
            f"{members} workers of {processor.name} are running: stop them first, they have the state in hand"
        )
    worlds = Worlds(await read_brands(kafka, codec))
    if not worlds:
        raise Refused("no brand is live: run `footpath brand apply` first")
    async with reader(kafka) as consumer:
        partitions = len(await places_of(consumer, [changelog(processor.name)]))
        committed = await committed_by(kafka, group)
        stores = await read_changelogs(kafka, processor.name, partitions, folder / "changelog")
        rebuilding = Rebuilding(processor, codec, partitions, folder / "rebuilt", worlds)
        try:
            own = {topic.name for topic in own_topics(processor)}
            places = await places_of(consumer, [topic.name for topic in processor.sources])
            cuts = {place: taken(stores[place.partition], place.topic, place.partition, committed) for place in places}
            firsts, ends = await spans(consumer, places)
            inside = {place: ends[place] for place in places if place.topic in own}
            starts = {place: max(firsts[place], cuts[place]) for place in inside}
            under_way = await count_between(consumer, starts, inside)
            await _take_all(consumer, rebuilding, {p: cut for p, cut in cuts.items() if p.topic not in own})
            compared = tuple(
                _compare(processor, number, *pair)
                for number, pair in enumerate(zip(stores, rebuilding.stores, strict=True))
            )
            if write:
                told = await read_told(kafka, codec) if processor.name == "identity" else {}
                await _write(processor, kafka, group, stores, rebuilding.stores, cuts | inside, told)
        finally:
            rebuilding.close()
            for store in stores:
                store.close()
    return Replayed(compared, under_way)


async def _take_all(consumer: AIOKafkaConsumer, rebuilding: Rebuilding, cuts: Offsets) -> None:
    done = 0
    with Screen("replay", "records", sum(cuts.values())) as screen:
        async for place, record in in_order(consumer, cuts):
            rebuilding.take(BY_NAME[place.topic], place.partition, record)
            done += 1
            if done % 1000 == 0:
                screen.moved(done)
    rebuilding.save()


def _both(was: RocksStore, now: RocksStore) -> Iterator[tuple[bytes, bytes | None, bytes | None]]:
    """Each key with its row in both; both come in the order of keys."""
    one, other = _states(was), _states(now)
    left, right = next(one, None), next(other, None)
    while left is not None or right is not None:
        if right is None or (left is not None and left[0] < right[0]):
            assert left is not None
            yield left[0], left[1], None
            left = next(one, None)
        elif left is None or right[0] < left[0]:
            yield right[0], None, right[1]
            right = next(other, None)
        else:
            yield left[0], left[1], right[1]
            left, right = next(one, None), next(other, None)


def _states(store: RocksStore) -> Iterator[tuple[bytes, bytes]]:
    return ((key, raw) for key, raw in store.rows() if not key.startswith(WATERMARK))


def _compare(processor: Processor[Any], partition: int, was: RocksStore, now: RocksStore) -> Compared:
    canonical = Canonical(processor)
    keys = [0, 0]
    sums = [0, 0]
    differing = 0
    examples: list[str] = []
    for key, *rows in _both(was, now):
        forms = [canonical.of(raw) if raw is not None else None for raw in rows]
        for side, form in enumerate(forms):
            if form is not None:
                keys[side] += 1
                sums[side] = (sums[side] + hash_of(key, form)) % MODULUS
        if forms[0] != forms[1]:
            differing += 1
            if len(examples) < EXAMPLES:
                examples.append(key.decode(errors="replace"))
    return Compared(partition, keys[0], sums[0], keys[1], sums[1], differing, tuple(examples))


async def _write(
    processor: Processor[Any],
    kafka: str,
    group: str,
    stores: list[RocksStore],
    rebuilt: list[RocksStore],
    offsets: Offsets,
    told: Told,
) -> None:
    mark = uuid4().bytes
    try:
        for number, (was, now) in enumerate(zip(stores, rebuilt, strict=True)):
            log = await open_changelog(kafka, processor.name, number, group, TRANSACTION_TIMEOUT_MS)
            try:
                own = {place.topic: offset for place, offset in offsets.items() if place.partition == number}
                await log.replace(_rows(processor, was, now, told), own, mark)
            finally:
                await log.close()
    except ProducerFenced:
        raise Refused(f"a worker of {processor.name} has started: stop it and run this again") from None
    except KafkaError as error:
        raise Refused(f"FOOTPATH_KAFKA={kafka} does not take the state: {error or type(error).__name__}") from error


def _rows(processor: Processor[Any], was: RocksStore, now: RocksStore, told: Told) -> Iterator[tuple[bytes, bytes]]:
    """Of states that say the same the changelog's own row, with what no rebuild can know; else the rebuilt one. A key
    that should not be there is left with nothing. Then the ids that the partition remembers for its keys."""
    canonical, codec = Canonical(processor), KeptCodec(processor.state)
    for key, old, new in _both(was, now):
        if new is None:
            yield key, codec.encode(Active(None))
        elif old is not None and canonical.of(old) == canonical.of(new):
            yield key, old
        else:
            yield key, raised(new, key, codec, told)
    yield from ((key, raw) for key, raw in now.rows() if key.startswith(PAGE))
