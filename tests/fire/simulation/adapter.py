"""Where the simulation touches the shell: how a partition is built, what it opens and what it reads back."""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from unittest.mock import patch

from processors.shell import at_hand
from processors.shell import partition as shell
from processors.shell.changelog import WATERMARK, Changelog, watermarks
from processors.shell.handover import Handover
from processors.shell.kept import Active, KeptCodec
from processors.shell.settings import WorkerSettings
from processors.shell.store import Store
from processors.step import Processor
from processors.world import World
from schemas.codec import Codec
from schemas.topics import Topic
from tests.fire.simulation.broker_twin import FragileStore, Home, Producer

SETTINGS = WorkerSettings(kafka="", data=Path(), seal_ms=2)
YOUNG_KEYS = 2
"""So few that states are read back from the store all the time."""


class QuickCodec(Codec):
    """Decodes the same bytes once: thousands of lives read them again and again."""

    @cache  # noqa: B019 - one codec for the whole run
    def of(self, topic: Topic) -> Any:
        return _Remembering(super().of(topic))


class _Remembering:
    def __init__(self, codec: Any) -> None:
        self._codec = codec
        self._decoded: dict[bytes, Any] = {}

    def decode(self, value: bytes) -> Any:
        event = self._decoded.get(value)
        if event is None:
            if len(self._decoded) > 10_000:
                self._decoded.clear()
            event = self._decoded[value] = self._codec.decode(value)
        return event


CODEC = QuickCodec()


class Owner(Protocol):
    """What a partition needs to know of the life that owns it."""

    home: Home
    transactional: Producer


@dataclass(frozen=True)
class Office:
    """Where lives find what the broker keeps for them, by their names."""

    owners: dict[str, Owner]

    @contextmanager
    def open(self) -> Iterator[None]:
        async def open_changelog(name: str, processor: str, partition: int, group: str, timeout_ms: int) -> Changelog:
            producer: Any = self.owners[name].transactional
            return Changelog(processor, partition, group, producer, producer)

        async def read_back(name: str, processor: str, partition: int, store: Store) -> int:
            return restore(self.owners[name].home, store)

        async def bounds(name: str, topics: Iterable[str], partition: int) -> dict[str, tuple[int, int]]:
            sources = self.owners[name].transactional.broker.sources
            return {topic: (0, len(sources[topic][partition])) for topic in topics}

        with (
            patch.object(shell, "open_changelog", open_changelog),
            patch.object(shell, "restore", read_back),
            patch.object(shell, "bounds", bounds),
            patch.object(at_hand, "YOUNG_KEYS", YOUNG_KEYS),
        ):
            yield


def restore(home: Home, store: Store) -> int:
    """Brings the store to the end of the changelog."""
    new = home.rows[store.position :]
    if new:
        store.write(new, len(home.rows))
    return len(new)


def build_partition(
    name: str,
    processor: Processor[Any],
    number: int,
    partitions: int,
    commit_interval_ms: int,
    store: FragileStore,
    producer: Producer,
    world: World,
    rewind: Callable[[str, int, int], Awaitable[int]],
) -> shell.Partition:
    return shell.Partition(
        replace(SETTINGS, kafka=name, partitions=partitions, commit_interval_ms=commit_interval_ms),
        processor,
        number,
        "group",
        store,
        CODEC,
        producer,  # type: ignore[arg-type]
        lambda: world,
        rewind,
        Handover(),
    )


def opened_at(partition: shell.Partition) -> dict[str, int]:
    """The next offset of each topic by what the partition found in its state."""
    return dict(partition._next)


def commit_in(order: str) -> Callable[[shell.Partition, Changelog], Awaitable[None]]:
    """A commit that does its three steps in this order: E for effects, C for changelog and offsets, S for the store.
    "ECS" is what the shell does."""

    async def commit(self: shell.Partition, changelog: Changelog) -> None:
        async with self._whole:
            rows, offsets, deliveries = self._desk.take_dirty(), self._changed, self._deliveries
            sealed = self._desk.take_sealed()
            self._changed, self._deliveries = {}, []
        if not offsets:
            return
        position = self._store.position
        for step in order:
            match step:
                case "E":
                    for delivery in deliveries:
                        await delivery
                case "C":
                    position = await changelog.commit(rows, offsets, self._outbox.sealed(sealed))
                case "S":
                    self._store.write((*rows.items(), *watermarks(offsets)), position)
        self._desk.committed()

    return commit


def states_of(processor: Processor[Any], rows: dict[bytes, bytes]) -> dict[str, Any]:
    """What rows of a changelog or a store say of each key, without the windows of ids."""
    codec = KeptCodec(processor.state)
    kept = {key.decode(): codec.decode(raw) for key, raw in rows.items() if not key.startswith(WATERMARK)}
    return {key: one.state if isinstance(one, Active) else one for key, one in kept.items()}
