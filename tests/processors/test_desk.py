"""The desk: how records are cut into batches changes nothing, and what is not settled yet does not get out."""

import random
from typing import Any

import pytest

from processors.context.core import PROCESSOR as CONTEXT
from processors.rewards.core import PROCESSOR as REWARDS
from processors.shell.desk import Desk
from processors.shell.store import MemoryStore
from processors.step import Emit, Processor, Step
from schemas.codec import Codec
from schemas.events import Event, IdentitySignalled
from schemas.topics import IDENTITY_SIGNALLED, TOUCHPOINT_IDENTIFIED, TOUCHPOINT_RECORDED
from tests.fire.simulation.broker_twin import Rec
from tests.fire.simulation.walks import WORLD, Street, walk
from tests.stories.telling import anchor, enter, person, recorded, scan, told, touch

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


def echo(state: Rec | None, event: Any, world: Any) -> Step[Any]:
    """Says of each touchpoint that it was there; scans also signal."""
    if isinstance(event, IdentitySignalled):
        return Step(state)
    [heard] = told(touch("page_view", who=event.anchor.removeprefix("device:"), name=f"heard {event.event_id}"))
    effects = [Emit(signal("ben"), sealed=True)] if event.type == "scan" else []
    return Step(state, (*effects, Emit(heard)))


def signal(who: str) -> IdentitySignalled:
    return IdentitySignalled(
        event_id=f"signal {who}", occurred_at=0, kind="", identifier=anchor(who), body=b"", source_event_id=""
    )


def test_what_a_key_says_waits_until_what_it_says_it_from_is_settled() -> None:
    """A name that comes from a signal is not known to anybody before the signal counts as taken: a replay might take
    it later, and know another name then."""
    processor = Processor("echo", (TOUCHPOINT_RECORDED,), Rec, echo, lambda a, b: Step(b), lambda state: ())  # type: ignore[type-var]
    out: list[str] = []
    publish = lambda event, partition: out.append(event.person_id)  # noqa: E731
    desk = Desk(processor, CODEC, MemoryStore(), 0, REJECT_LIMIT, publish)

    def takes(topic: Any, *events: Event) -> None:
        desk.take(topic.name, [Rec(0, b"", CODEC.record(event)[2]) for event in events], WORLD)

    def sealed() -> list[str]:
        return [effect.event.person_id for effect in desk.take_sealed() if hasattr(effect.event, "person_id")]

    anna, ben, bens_scan = recorded(touch("page_view"), touch("page_view", who="ben"), scan(who="ben"))
    takes(TOUCHPOINT_RECORDED, anna, ben, bens_scan)
    assert out == [person("anna"), person("ben"), person("ben")], "a scan's own signal holds nothing up that it says"
    takes(IDENTITY_SIGNALLED, signal("anna"))
    takes(TOUCHPOINT_RECORDED, anna, ben, *recorded(touch("page_view", who="cleo")))
    assert out[3:] == [person("cleo")]
    assert sealed() == [person("anna"), person("ben")]  # and from here on the commit is under way
    takes(TOUCHPOINT_RECORDED, anna)
    assert out[4:] == []
    desk.committed()
    assert sealed() == [person("anna")]
    desk.committed()
    takes(TOUCHPOINT_RECORDED, anna, ben)
    assert out[4:] == [person("anna"), person("ben")]
