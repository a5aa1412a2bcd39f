"""What has to come out of a case, worked out without a shell, a crash or a clock; and what holds for any outcome."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec
from aiokafka.partitioner import murmur2

from processors.rewards.state import Account
from processors.shell.kept import Forwarded
from processors.step import Emit, Processor
from processors.world import World
from schemas.events import IdentityChanged, RewardPosted, ScanRouted
from schemas.topics import BY_NAME, STATE_MOVED
from tests.fire.simulation.adapter import CODEC
from tests.fire.simulation.case import Outcome
from tests.stories.stage import Stage
from tests.stories.telling import MONDAY_TEN

MONDAY_US = round(MONDAY_TEN.timestamp() * 1e6)


@dataclass(frozen=True)
class Fold:
    """Bytes of every effect by its id, and the states, when each event is simply taken in turn and what moves between
    people arrives at once."""

    effects: dict[str, set[bytes]]
    events: dict[str, Any]
    states: dict[str, Any]


def fold(processor: Processor[Any], world: World, history: Sequence[Any]) -> Fold:
    stage = Stage(processor, world)
    emitted = []
    for event in history:
        now = stage.hears(event)
        emitted += [effect.event for effect in (*now, *stage.delivers(now)) if isinstance(effect, Emit)]
    effects: dict[str, set[bytes]] = {}
    for event in emitted:
        effects.setdefault(event.event_id, set()).add(CODEC.record(event)[2])
    states = {key: getattr(kept, "state", kept) for key, kept in stage.kept.items()}
    return Fold(effects, {event.event_id: event for event in emitted}, states)


def straight(history: Sequence[Any]) -> tuple[Any, ...]:
    """The same with honest clocks: one second from event to event, as they first arrive."""
    times: dict[str, int] = {}
    for event in history:
        times.setdefault(event.event_id, MONDAY_US + len(times) * 1_000_000)
    return tuple(msgspec.structs.replace(event, occurred_at=times[event.event_id]) for event in history)


Ledger = dict[str, set[bytes]]


def ledger(outcome: Outcome | Fold) -> Ledger:
    """Entries by id."""
    return {id: raw for id, raw in outcome.effects.items() if isinstance(outcome.events[id], RewardPosted)}


def timeless(outcome: Outcome | Fold) -> dict[str, tuple[str, str, int]]:
    """Whom each entry gave how many points for what, whenever that was."""
    entries = [event for event in outcome.events.values() if isinstance(event, RewardPosted)]
    return {entry.event_id: (entry.person_id, entry.source_event_id, entry.points) for entry in entries}


def names(history: Sequence[Any]) -> dict[str, str]:
    """The last name of each own person that ever had another."""
    news = sorted((event for event in history if isinstance(event, IdentityChanged)), key=lambda event: event.version)
    return {event.own_person_id: event.into_person_id for event in news}


def owed(history: Sequence[Any]) -> int:
    """All points by the rules of the walks' world, counted as a child would: five for a scan, ten for a sale and two
    for each whole unit that stays of it, nothing when it all came back; a return counts when its sale is the person's
    own."""
    now = names(history)
    distinct = {event.event_id: event for event in history if not isinstance(event, IdentityChanged)}
    points, kept, paid = 0, Counter[str](), {}
    for event in distinct.values():
        points += 5 * (event.type in ("scan", "nfc_tap"))
        if event.type == "sale":
            paid[event.event_id] = now.get(event.own_person_id, event.own_person_id)
            kept[event.event_id] += event.amount_micros
    for event in distinct.values():
        if event.type == "return" and paid.get(event.related_event_id) == now.get(
            event.own_person_id, event.own_person_id
        ):
            kept[event.related_event_id] -= event.amount_micros
    return points + sum(10 + 2 * (left // 1_000_000) for left in kept.values() if left > 0)


def holds_always(outcome: Outcome) -> None:
    """One content for each id, every record where its key or its reader is, the disk as the changelog, and the points
    of the ledger are those that people have."""
    several = sorted(id for id, contents in ledger(outcome).items() if len(contents) > 1)
    assert not several, f"one id, several contents: {several}"
    for topic, partition, key, value in outcome.published:
        event = CODEC.of(BY_NAME[topic]).decode(value)
        wanted = event.reply_partition if isinstance(event, ScanRouted) else None
        if wanted is None:
            wanted = _hash(key) % len(outcome.disks)
        assert partition == wanted, f"{event.event_id} of {topic} went to partition {partition}, not {wanted}"
    assert outcome.disks == outcome.changelogs, "the disk is not what the changelog says"
    parts = Counter(value for topic, _, _, value in outcome.published if topic == STATE_MOVED.name and _is_part(value))
    assert not parts or max(parts.values()) == 1, "a part was sent twice"
    points = sum(event.points for event in outcome.events.values() if isinstance(event, RewardPosted))
    balances = [state.balance for state in outcome.states.values() if isinstance(state, Account)]
    assert points == sum(balances), "the ledger and the balances differ"
    assert all(balance >= 0 for balance in balances), "somebody owes points"


@cache
def _is_part(value: bytes) -> bool:
    """Whether what moves is a part: forwarded events may come twice as the events themselves do."""
    moved = CODEC.of(STATE_MOVED).decode(value)
    tag, *_ = msgspec.msgpack.decode(moved.state)
    return bool(tag != Forwarded.__struct_config__.tag)


@cache
def _hash(key: bytes) -> int:
    return int(murmur2(key)) & 0x7FFFFFFF
