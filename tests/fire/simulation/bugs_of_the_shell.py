"""Bugs in what the shell does around the cores: durability, offsets, owners, places."""

import random
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from processors.rewards import core as rewards
from processors.shell.at_hand import AtHand
from processors.shell.changelog import WATERMARK, Changelog
from processors.shell.desk import Desk
from processors.shell.outbox import Outbox
from processors.shell.partition import Partition
from processors.shell.replay import Replay
from processors.shell.runs import Follower, Run
from schemas.topics import BY_NAME
from tests.fire.simulation import adapter
from tests.fire.simulation.broker_twin import Broker, FragileStore
from tests.fire.simulation.planting import around, planted

# The order of durability.

for _order in ("CES", "CSE", "ESC", "SEC", "SCE"):
    planted(f"durability in the order {_order}")(
        lambda order=_order: patch.object(Partition, "_commit", adapter.commit_in(order))  # type: ignore[misc]
    )


@planted("effects published and never waited for")
def _() -> Any:
    return patch.object(Partition, "_commit", adapter.commit_in("CS"))


@planted("a commit in the middle of a batch")
def _() -> Any:
    def build(true: Any, *args: Any) -> Partition:
        partition = true(*args)
        partition._whole = nullcontext()
        return partition

    return around(adapter, "build_partition", build)


@planted("sealed effects published like the others")
def _() -> Any:
    def take(true: Any, self: Desk, *args: Any) -> None:
        true(self, *args)
        for effect in self.take_sealed():
            self.publish(effect.event, effect.partition)

    return around(Desk, "take", take)


@planted("sealed effects forgotten")
def _() -> Any:
    return around(Desk, "take_sealed", lambda true, self: true(self)[1:])


@planted("states forgotten before they are committed")
def _() -> Any:
    def committed(true: Any, self: AtHand) -> None:
        true(self)
        self._old = {}

    return around(AtHand, "committed", committed)


@planted("rows read ahead believed rather than what was changed since")
def _() -> Any:
    def find(true: Any, self: AtHand, key: bytes) -> Any:
        if key in self._read:
            self._old.pop(key, None)
        return true(self, key)

    return around(AtHand, "find", find)


@planted("replays that take news from sealed topics first")
def _() -> Any:
    return patch.object(Replay, "holds", lambda *args: False)


# Offsets and watermarks.


@planted("gaps and redelivery taken as they come")
def _() -> Any:
    async def fresh(self: Partition, topic: str, run: Run) -> Any:
        return run.records

    return patch.object(Partition, "_fresh", fresh)


@planted("lost runs of sealed topics not missed")
def _() -> Any:
    def fresh(true: Any, self: Follower, topic: str, run: Run, expected: int) -> Any:
        return true(self, topic, run._replace(follows=0) if BY_NAME[topic].sealed else run, expected)

    return around(Follower, "fresh", fresh)


@planted("a gap taken for one of the topic when it comes again")
def _() -> Any:
    def fresh(true: Any, self: Follower, topic: str, run: Run, expected: int) -> Any:
        gap = topic, expected, run.follows
        if run.follows > expected and gap in (known := vars(self).setdefault("gaps", set())):
            return run.records
        if run.follows > expected:
            known.add(gap)
        return true(self, topic, run, expected)

    return around(Follower, "fresh", fresh)


def _watermark_off_by(error: int) -> Any:
    marks = {WATERMARK + topic.encode() for topic in BY_NAME}

    def get(true: Any, self: FragileStore, key: bytes) -> bytes | None:
        raw = true(self, key)
        return b"%d" % (int(raw) + error) if raw is not None and key in marks else raw

    return around(FragileStore, "get", get)


planted("watermark one too high")(lambda: _watermark_off_by(1))
planted("watermark one too low")(lambda: _watermark_off_by(-1))


@planted("offsets committed for a topic that was not taken")
def _() -> Any:
    def commit(true: Any, self: Changelog, rows: Any, offsets: dict[str, int], sealed: Any) -> Any:
        every = {topic.name: max(offsets.values()) for topic in rewards.PROCESSOR.sources}
        return true(self, rows, every | offsets, sealed)

    return around(Changelog, "commit", commit)


@planted("offsets committed without their state")
def _() -> Any:
    return around(Changelog, "commit", lambda true, self, rows, offsets, sealed: true(self, {}, offsets, sealed))


# Owners.


@planted("zombies not refused")
def _() -> Any:
    return patch.object(Broker, "accepts", lambda self, home, epoch: True)


@planted("the tail of the changelog lost")
def _() -> Any:
    def restore(true: Any, home: Any, store: Any) -> int:
        return true(replace(home, rows=home.rows[:-1]), store)

    return around(adapter, "restore", restore)


@planted("a disk believed without its changelog")
def _() -> Any:
    return around(adapter, "restore", lambda true, home, store: 0 if store.position else true(home, store))


@planted("states at hand outlive the owner that failed")
def _() -> Any:
    def open_desk(true: Any, self: Desk) -> None:
        true(self)
        self._at_hand.young = vars(self.store).setdefault("young", {})

    return around(Desk, "__post_init__", open_desk)


# Places.


@planted("answers that ignore the partition of their gateway")
def _() -> Any:
    return around(Outbox, "put", lambda true, self, event, partition=None: true(self, event))


@contextmanager
def _somewhere() -> Iterator[None]:
    chance = random.Random(1)

    def put(true: Any, self: Outbox, event: Any, partition: int | None = None) -> None:
        true(self, event, chance.randrange(2) if partition is None else partition)

    with around(Outbox, "put", put):
        yield


planted("effects on any partition")(_somewhere)
