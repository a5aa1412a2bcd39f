"""The stream task: how records are cut into batches changes nothing, effects that depend on uncommitted state are held
back, and a core that breaks its contract is named."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import pytest

from processors.context.core import PROCESSOR as CONTEXT
from processors.intake.core import PROCESSOR as INTAKE
from processors.rewards.core import PROCESSOR as REWARDS
from processors.shell.applied_batch import EncodedEffect
from processors.shell.reject_limit import RejectLimit
from processors.shell.state.state_cache import StateUnreadable
from processors.shell.state.store import MemoryStore
from processors.shell.task import StreamTask
from processors.step import Drop, Emit, Processor, Step
from schemas.codec.avro import Codec
from schemas.events import Event, EventRejected, IdentitySignalled, TouchpointReceived
from schemas.process.reject_window import RejectLimitExceeded, RejectWindow
from schemas.topics import (
    IDENTITY_SIGNALLED,
    MAX_RECORD_BYTES,
    MAX_STATE_BYTES,
    TOUCHPOINT_IDENTIFIED,
    TOUCHPOINT_RECEIVED,
    TOUCHPOINT_RECORDED,
)
from tests.support.builders import (
    build_events,
    build_recorded,
    enter,
    person,
    primary_identifier,
    scan,
    touch,
)
from tests.support.source_records import SourceRecord
from tests.support.workload import REFERENCE, Workload, workload

CODEC = Codec()
MAX_REJECTS = 5


class Nothing(msgspec.Struct, frozen=True):
    """The state of processors that store none."""


class Kept(msgspec.Struct, frozen=True):
    """A state of anything."""

    value: Any


class RecordingTask(StreamTask):
    """``plain`` has what was published."""

    plain: list[EncodedEffect]


@dataclass
class Aside:
    """What a batch came to: effects without rejects, rejects, and state rows."""

    published: list[Event]
    rejected: list[EventRejected]
    states: dict[bytes, bytes]


def begun(processor: Processor[Any]) -> tuple[RecordingTask, MemoryStore]:
    """A task of this processor that publishes into ``plain``."""
    store, plain = MemoryStore(), list[EncodedEffect]()
    task = RecordingTask(processor, CODEC, store, 0, RejectLimit(1_000), plain.append)
    task.plain = plain
    return task, store


def aside(processor: Processor[Any], values: list[bytes]) -> Aside:
    """What the core makes of one batch of touchpoint-recorded."""
    task, _ = begun(processor)
    task.process(
        TOUCHPOINT_RECORDED.name, [SourceRecord(n, b"key", value) for n, value in enumerate(values)], REFERENCE
    )
    events = [effect.event for effect in (*task.plain, *task.take_transactional())]
    rejected = [event for event in events if isinstance(event, EventRejected)]
    return Aside([event for event in events if event not in rejected], rejected, task.take_changed_rows())


def build_task(processor: Processor[Any], publish: Callable[[EncodedEffect], None], **options: Any) -> StreamTask:
    store, limit = options.get("store", MemoryStore()), options.get("limit", RejectLimit(MAX_REJECTS))
    return StreamTask(processor, CODEC, store, 0, limit, publish)


def results(
    processor: Any, records: list[SourceRecord], cuts: list[int], commits: list[bool]
) -> tuple[list[Any], dict[bytes, bytes]]:
    """Effects and final rows when records are cut at these places, with a commit after some of the batches."""
    published: list[EncodedEffect] = []
    store = MemoryStore()
    publish = published.append
    task = build_task(processor, publish, store=store)
    final: dict[bytes, bytes] = {}
    for start, end, commit in zip([0, *cuts], [*cuts, len(records)], [*commits, True], strict=True):
        task.process(TOUCHPOINT_IDENTIFIED.name, records[start:end], REFERENCE)
        if commit:
            rows = task.take_changed_rows()
            store.write(rows.items(), 0)
            task.after_commit()
            final |= rows
            task = build_task(processor, publish, store=store)  # all that it needs is in the store
    return published, final


@pytest.mark.parametrize("processor", [CONTEXT, REWARDS], ids=lambda processor: processor.name)
def test_batches_may_be_cut_anywhere(processor: Any) -> None:
    for seed in range(50):
        rng = random.Random(seed)
        values = [CODEC.record(event)[2] for event in workload(seed, Workload(nameless_returns=True))]
        for _ in range(3):
            values.insert(rng.randint(0, len(values)), b"no event")
        records = [SourceRecord(offset, b"", value) for offset, value in enumerate(values)]
        whole = results(processor, records, [], [])
        for _ in range(5):
            cuts = sorted(rng.sample(range(len(records) + 1), 4))
            assert results(processor, records, cuts, [rng.random() < 0.5 for _ in cuts]) == whole, f"seed {seed}"


def test_rejects_in_a_row_stop_the_task_and_rejects_between_events_do_not() -> None:
    fine = [CODEC.record(event)[2] for event in build_events(enter())]
    broken = [b"no event"] * MAX_REJECTS
    results(REWARDS, [SourceRecord(n, b"", value) for n, value in enumerate([*broken, *fine, *broken])], [], [])
    with pytest.raises(RejectLimitExceeded, match="FOOTPATH_WORKER_REJECT_LIMIT"):
        results(REWARDS, [SourceRecord(n, b"", value) for n, value in enumerate([*broken, *broken])], [], [])


def test_conflicts_of_senders_never_stop_the_task() -> None:
    """Anybody with a key can make as many as they like, in a row and by share."""
    identifier = f"customer:{'a' * 32}"

    def sent(content: str) -> TouchpointReceived:
        return TouchpointReceived(
            event_id="till/1", type="page_view", occurred_at=1, received_at=1, source="till",
            primary_identifier=identifier, identifiers=(identifier,), content=content * 32,
        )  # fmt: skip

    published: list[EncodedEffect] = []
    task = build_task(INTAKE, published.append, limit=RejectLimit(MAX_REJECTS, RejectWindow(ratio=0.1, window=10)))
    values = [CODEC.record(sent(content))[2] for content in "1" + "2" * 100]
    for start in range(0, len(values), 7):
        records = [SourceRecord(n, b"till/1", value) for n, value in enumerate(values[start : start + 7], start)]
        task.process(TOUCHPOINT_RECEIVED.name, records, REFERENCE)
    rejected = [effect.event for effect in published if isinstance(effect.event, EventRejected)]
    assert len(rejected) == 100 and {event.reason for event in rejected} == {"conflict"}
    with pytest.raises(RejectLimitExceeded):
        task.process(TOUCHPOINT_RECEIVED.name, [SourceRecord(n, b"?", b"no event") for n in range(101, 150)], REFERENCE)


def test_a_share_of_rejects_stops_the_task_over_all_partitions_of_its_processor() -> None:
    [fine] = [CODEC.record(event)[2] for event in build_events(enter())]
    window = RejectWindow(ratio=0.5, window=8)
    tasks = [build_task(REWARDS, lambda effect: None, limit=RejectLimit(100, window)) for _ in range(2)]
    broken, mixed = [b"no event"] * 3, [fine, b"no event"]
    for number, values in enumerate([mixed, mixed, mixed, mixed]):
        tasks[number % 2].process(TOUCHPOINT_IDENTIFIED.name, [SourceRecord(0, b"", v) for v in values], REFERENCE)
    with pytest.raises(
        RejectLimitExceeded, match="rewards rejected 6 of the last 9 records; FOOTPATH_WORKER_REJECT_RATIO"
    ):
        tasks[0].process(TOUCHPOINT_IDENTIFIED.name, [SourceRecord(0, b"", v) for v in broken], REFERENCE)


def echo(state: Nothing | None, event: Any, reference: Any) -> Step[Any]:
    """Emits a touchpoint for each touchpoint; for scans a signal, too."""
    if isinstance(event, IdentitySignalled):
        return Step(state)
    who = event.primary_identifier.removeprefix("device:")
    [answer] = build_events(touch("page_view", who=who, name=f"echo of {event.event_id}"))
    effects = [Emit(signal("ben"), transactional=True)] if event.type == "scan" else []
    return Step(state, (*effects, Emit(answer)))


ECHO: Processor[Any] = Processor(
    name="echo",
    sources=(TOUCHPOINT_RECORDED, IDENTITY_SIGNALLED),
    emits=(TOUCHPOINT_IDENTIFIED, IDENTITY_SIGNALLED),
    state=Nothing,
    step=echo,
    merge=lambda winner, loser: Step(loser),
    erase=lambda state: (),
)


def signal(who: str) -> IdentitySignalled:
    return IdentitySignalled(
        event_id=f"signal {who}",
        occurred_at=0,
        kind="",
        identifier=primary_identifier(who),
        body=b"",
        source_event_id="",
    )


def test_effects_of_a_key_are_held_back_until_what_they_depend_on_is_committed() -> None:
    """A person that follows from a signal is not published before the signal is committed: a replay might process the
    signal later, and publish another person then."""
    published: list[str] = []
    task = build_task(ECHO, lambda effect: published.append(effect.event.person_id))

    def process(topic: Any, *events: Event) -> None:
        task.process(topic.name, [SourceRecord(0, b"", CODEC.record(event)[2]) for event in events], REFERENCE)

    def transactional() -> list[str]:
        return [effect.event.person_id for effect in task.take_transactional() if hasattr(effect.event, "person_id")]

    anna, ben, bens_scan = build_recorded(touch("page_view"), touch("page_view", who="ben"), scan(who="ben"))
    process(TOUCHPOINT_RECORDED, anna, ben, bens_scan)
    assert published == [person("anna"), person("ben"), person("ben")], "an event's own signal holds nothing back"
    process(IDENTITY_SIGNALLED, signal("anna"))
    process(TOUCHPOINT_RECORDED, anna, ben, *build_recorded(touch("page_view", who="cleo")))
    assert published[3:] == [person("cleo")]
    assert transactional() == [person("anna"), person("ben")]  # and from here on the commit is under way
    process(TOUCHPOINT_RECORDED, anna)
    assert published[4:] == []
    task.after_commit()
    assert transactional() == [person("anna")]
    task.after_commit()
    process(TOUCHPOINT_RECORDED, anna, ben)
    assert published[4:] == [person("anna"), person("ben")]


def broken(result: Any) -> Processor[Any]:
    """A processor whose step returns this."""
    return replace(ECHO, step=lambda state, event, reference: result)


[TOUCHPOINT] = build_events(touch("page_view"))


@pytest.mark.parametrize(
    "result",
    [
        None,
        (None, ()),
        Step(None, (TOUCHPOINT,)),
        Step(None, (Emit(build_recorded(scan())[0]),)),
        Step(None, (Emit(TOUCHPOINT), Emit(TOUCHPOINT, partition=1_000_000))),
        Step(None, (Emit(TOUCHPOINT), Emit(msgspec.structs.replace(TOUCHPOINT, received_at=2**63)))),
        Step(None, (Emit(TOUCHPOINT), Emit(msgspec.structs.replace(TOUCHPOINT, tag="\ud800"), transactional=True))),
        Step(None, (Emit(TOUCHPOINT), Emit(msgspec.structs.replace(TOUCHPOINT, tag="x" * MAX_RECORD_BYTES)))),
        Step(Kept("x" * MAX_STATE_BYTES), (Emit(TOUCHPOINT),)),
        Step(Kept(2**64), (Emit(TOUCHPOINT),)),
    ],
    ids=[
        "no step",
        "a tuple",
        "an event without Emit",
        "an undeclared topic",
        "a partition that does not exist",
        "a number beyond its type",
        "half a character",
        "an effect larger than a record",
        "a state larger than a record",
        "a state with a number beyond 64 bits",
    ],
)
def test_whatever_a_core_returns_that_cannot_be_used_sets_its_record_aside(result: Any) -> None:
    mates = [CODEC.record(event)[2] for event in build_recorded(touch("page_view"), scan(), touch("page_view"))]
    step = lambda state, event, reference: result if event.type == "scan" else Step(None, (Emit(TOUCHPOINT),))  # noqa: E731
    seen = aside(replace(ECHO, step=step, state=Kept), mates)
    assert seen.published == [TOUCHPOINT, TOUCHPOINT] and not seen.states
    [rejected] = seen.rejected
    assert (rejected.stage, rejected.offset, rejected.raw) == ("echo", 1, mates[1])
    assert rejected.reason in ("exception", "too_large")
    assert "ud800" not in rejected.detail and "xxx" not in rejected.detail


def test_a_core_that_raises_sets_its_record_aside_with_the_class_and_the_place_and_nothing_of_its_message() -> None:
    def step(state: Any, event: Any, reference: Any) -> Any:
        raise KeyError("ann@shop.example")

    [event] = build_recorded(scan())
    seen = aside(replace(ECHO, step=step), [CODEC.record(event)[2]])
    [rejected] = seen.rejected
    assert rejected.detail.startswith(f"KeyError in {__name__}, line ")
    assert (rejected.reason, rejected.source_event_id) == ("exception", event.event_id)


@pytest.mark.parametrize("seed", range(20))
def test_records_that_raise_change_nothing_for_the_others_however_batches_are_cut(seed: int) -> None:
    """The same states and effects as without them; and the same again when they come twice."""
    rng = random.Random(seed)
    events = workload(seed, Workload(any_order=True))
    bad = {event.event_id for event in events if rng.random() < 0.1}

    def step(state: Any, event: Any, reference: Any) -> Any:
        if event.event_id in bad:
            raise ZeroDivisionError
        return REWARDS.step(state, event, reference)

    def outcome(processor: Processor[Any], history: Sequence[Event]) -> tuple[set[str], dict[bytes, bytes], set[str]]:
        task, store, rejected, published = *begun(processor), set[str](), set[str]()
        batch: list[SourceRecord] = []
        for offset, (event, after) in enumerate(zip(history, [*history[1:], None], strict=True)):
            batch.append(SourceRecord(offset, CODEC.record(event)[1], CODEC.record(event)[2]))
            if after is None or rng.random() < 0.2:
                task.process(TOUCHPOINT_IDENTIFIED.name, batch, REFERENCE)
                batch = []
                for effect in (*task.plain, *task.take_transactional()):
                    into = rejected if isinstance(effect.event, EventRejected) else published
                    into.add(getattr(effect.event, "source_event_id", "") + effect.event.event_id * (into is published))
                task.plain.clear()
                store.write(task.take_changed_rows().items(), 0)
                task.after_commit()
        return published, dict(store.rows()), rejected

    good = [event for event in events if event.event_id not in bad]
    failing = replace(REWARDS, step=step)
    published, states, rejected = outcome(failing, events)
    assert (published, states) == outcome(REWARDS, good)[:2]
    assert rejected == bad
    assert outcome(failing, [*events, *events])[1] == outcome(REWARDS, [*good, *good])[1]


def test_a_store_that_fails_is_no_records_fault_and_stops_the_task() -> None:
    class Broken(MemoryStore):
        def get(self, key: bytes) -> bytes | None:
            if key.startswith(b"\0"):
                return None
            raise OSError("no such disk")

    task = build_task(REWARDS, lambda effect: None, store=Broken())
    with pytest.raises(StateUnreadable):
        task.process(TOUCHPOINT_IDENTIFIED.name, [SourceRecord(0, b"", CODEC.record(TOUCHPOINT)[2])], REFERENCE)


def test_a_deploy_that_raises_on_everything_stops_by_ratio() -> None:
    def step(state: Any, event: Any, reference: Any) -> Any:
        raise ZeroDivisionError

    limit = RejectLimit(1_000, RejectWindow(ratio=0.5, window=8))
    task = build_task(replace(REWARDS, step=step), lambda effect: None, limit=limit)
    records = [SourceRecord(n, b"", CODEC.record(event)[2]) for n, event in enumerate(build_events(*[enter()] * 4))]
    task.process(TOUCHPOINT_IDENTIFIED.name, records, REFERENCE)
    with pytest.raises(RejectLimitExceeded, match="rejected 8 of the last 8 records"):
        task.process(TOUCHPOINT_IDENTIFIED.name, records, REFERENCE)


def test_every_effect_of_the_contract_is_accepted() -> None:
    published: list[Event] = []
    task = build_task(
        broken(Step(None, (Drop("test"), Emit(TOUCHPOINT)))), lambda effect: published.append(effect.event)
    )
    task.process(
        TOUCHPOINT_RECORDED.name, [SourceRecord(0, b"", CODEC.record(build_recorded(scan())[0])[2])], REFERENCE
    )
    assert published == [TOUCHPOINT]
