"""The expected outcome of a case, computed without shell, faults or clocks, and the invariants of every outcome."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec
from aiokafka.partitioner import murmur2

from processors.reference import Reference
from processors.rewards.state import Account
from processors.shell.state.forwarded import Forwarded
from processors.step import Emit, Processor
from schemas.events import CouponAnswered, IdentityChanged, RewardPosted, ScanRouted
from schemas.topics import BY_NAME, STATE_MOVED
from tests.chaos.simulation.case import Outcome
from tests.chaos.simulation.wiring import CODEC
from tests.support.builders import MONDAY_TEN
from tests.support.harness import Harness
from tests.support.reminders import RULE

MONDAY_US = round(MONDAY_TEN.timestamp() * 1e6)


@dataclass(frozen=True)
class SequentialRun:
    """Bytes of every effect by its id, and the states, when events are applied one by one and transfers arrive at
    once."""

    effects: dict[str, set[bytes]]
    events: dict[str, Any]
    states: dict[str, Any]


def sequential_run(processor: Processor[Any], reference: Reference, history: Sequence[Any]) -> SequentialRun:
    harness = Harness(processor, reference, finds_sales=False)
    emitted = []
    for event in history:
        now = harness.apply(event)
        emitted += [effect.event for effect in (*now, *harness.deliver(now)) if isinstance(effect, Emit)]
    emitted += harness.referenced
    effects: dict[str, set[bytes]] = {}
    for event in emitted:
        effects.setdefault(event.event_id, set()).add(CODEC.record(event)[2])
    states = {key: getattr(record, "state", record) for key, record in harness.records.items()}
    return SequentialRun(effects, {event.event_id: event for event in emitted}, states)


def with_exact_clocks(history: Sequence[Any]) -> tuple[Any, ...]:
    """The history with exact clocks: one second from event to event, in the order of their first arrival."""
    times: dict[str, int] = {}
    for event in history:
        times.setdefault(event.event_id, MONDAY_US + len(times) * 1_000_000)
    return tuple(msgspec.structs.replace(event, occurred_at=times[event.event_id]) for event in history)


Ledger = dict[str, set[bytes]]


def ledger(outcome: Outcome | SequentialRun) -> Ledger:
    """Ledger entries by id."""
    return {id: raw for id, raw in outcome.effects.items() if isinstance(outcome.events[id], RewardPosted)}


def untimed_ledger(outcome: Outcome | SequentialRun) -> dict[str, tuple[str, str, int]]:
    """Person, source event and points of each ledger entry, without its time."""
    entries = [event for event in outcome.events.values() if isinstance(event, RewardPosted)]
    return {entry.event_id: (entry.person_id, entry.source_event_id, entry.points) for entry in entries}


def latest_persons(history: Sequence[Any]) -> dict[str, str]:
    """The last person of each source profile that was ever merged or split."""
    changes = sorted(
        (event for event in history if isinstance(event, IdentityChanged)), key=lambda event: event.version
    )
    return {event.source_profile_id: event.into_person_id for event in changes}


def expected_points(history: Sequence[Any]) -> int:
    """All points by the rules of the workload's brand, computed naively: five for a scan, ten for a sale and two for
    each whole unit that is not returned, none when all of it is; whoever brings it back."""
    distinct = {event.event_id: event for event in history if not isinstance(event, IdentityChanged)}
    points, unreturned = 0, Counter[str]()
    for event in distinct.values():
        points += 5 * (event.type in ("scan", "nfc_tap"))
        if event.type == "sale":
            unreturned[event.event_id] += event.amount_micros
    for event in distinct.values():
        if event.type == "return":
            unreturned[event.related_event_id] -= event.amount_micros
    return points + sum(10 + 2 * (left // 1_000_000) for left in unreturned.values() if left > 0)


def check_invariants(outcome: Outcome) -> None:
    """One content for each id; every record on the partition of its key or of its gateway; disks equal to changelogs;
    each part moved once; the ledger's points equal to the balances, none of them negative."""
    several = sorted(id for id, contents in ledger(outcome).items() if len(contents) > 1)
    assert not several, f"one id, several contents: {several}"
    for topic, partition, key, value in outcome.published:
        event = CODEC.of(BY_NAME[topic]).decode(value)
        wanted = event.reply_partition if isinstance(event, CouponAnswered | ScanRouted) else None
        if wanted is None:
            wanted = _hash(key) % len(outcome.disks)
        assert partition == wanted, f"{event.event_id} of {topic} went to partition {partition}, not {wanted}"
    assert outcome.disks == outcome.changelogs, "disk and changelog differ"
    parts = Counter(value for topic, _, _, value in outcome.published if topic == STATE_MOVED.name and _is_part(value))
    assert not parts or max(parts.values()) == 1, "a part was moved twice"
    entries = [event for event in outcome.events.values() if isinstance(event, RewardPosted) and event.rule != RULE]
    points = sum(entry.points for entry in entries)
    balances = [state.balance for state in outcome.states.values() if isinstance(state, Account)]
    assert points == sum(balances), "the ledger and the balances differ"
    assert all(balance >= 0 for balance in balances), "a balance is negative"


@cache
def _is_part(value: bytes) -> bool:
    """Whether a transfer is a part: forwarded events may be published twice, as the events themselves are."""
    moved = CODEC.of(STATE_MOVED).decode(value)
    tag, *_ = msgspec.msgpack.decode(moved.state)
    return bool(tag != Forwarded.__struct_config__.tag)


@cache
def _hash(key: bytes) -> int:
    return int(murmur2(key)) & 0x7FFFFFFF
