"""The desk: how records are cut into batches changes nothing."""

import random
from typing import Any

import pytest

from processors.context.core import PROCESSOR as CONTEXT
from processors.rewards.core import PROCESSOR as REWARDS
from processors.shell.desk import Desk
from processors.shell.store import MemoryStore
from schemas.codec import Codec
from schemas.events import Event
from schemas.topics import TOUCHPOINT_IDENTIFIED
from tests.fire.simulation.broker_twin import Rec
from tests.fire.simulation.walks import WORLD, Street, walk
from tests.stories.telling import enter, told

CODEC = Codec()
REJECT_LIMIT = 5


def work(
    processor: Any, records: list[Rec], cuts: list[int], commits: list[bool]
) -> tuple[list[Any], dict[bytes, bytes]]:
    """Effects and final rows when records are cut at these places, with a commit after some of the batches."""
    published: list[tuple[Event, int | None]] = []
    store = MemoryStore()
    desk = Desk(processor, CODEC, store, 0, REJECT_LIMIT, lambda event, partition: published.append((event, partition)))
    final: dict[bytes, bytes] = {}
    for start, end, commit in zip([0, *cuts], [*cuts, len(records)], [*commits, True], strict=True):
        desk.take(TOUCHPOINT_IDENTIFIED.name, records[start:end], WORLD)
        if commit:
            rows = desk.take_dirty()
            store.write(rows.items(), 0)
            desk.committed()
            final |= rows
            desk = Desk(processor, CODEC, store, 0, REJECT_LIMIT, desk.publish)  # what it knows is in the store
    return published, final


@pytest.mark.parametrize("processor", [CONTEXT, REWARDS], ids=lambda processor: processor.name)
def test_batches_may_be_cut_anywhere(processor: Any) -> None:
    for seed in range(50):
        chance = random.Random(seed)
        values = [CODEC.record(event)[2] for event in walk(seed, Street(nameless_returns=True))]
        for _ in range(3):
            values.insert(chance.randint(0, len(values)), b"no event")
        records = [Rec(offset, b"", value) for offset, value in enumerate(values)]
        whole = work(processor, records, [], [])
        for _ in range(5):
            cuts = sorted(chance.sample(range(len(records) + 1), 4))
            assert work(processor, records, cuts, [chance.random() < 0.5 for _ in cuts]) == whole, f"seed {seed}"


def test_rejects_stop_the_desk_only_when_nothing_else_comes() -> None:
    fine = [CODEC.record(event)[2] for event in told(enter())]
    broken = [b"no event"] * REJECT_LIMIT
    work(REWARDS, [Rec(n, b"", value) for n, value in enumerate([*broken, *fine, *broken])], [], [])
    with pytest.raises(Exception, match="FOOTPATH_WORKER_REJECT_LIMIT"):
        work(REWARDS, [Rec(n, b"", value) for n, value in enumerate([*broken, *broken])], [], [])
