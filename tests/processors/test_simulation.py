"""Whatever happens to the process, what comes out is what one untroubled run gives; and the simulation sees bugs."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from processors.context import core as context
from processors.identity import core as identity
from processors.rewards import core as rewards
from processors.rewards.state import Account
from processors.shell import turn
from processors.shell.changelog import WATERMARK, Changelog
from processors.shell.desk import Record
from processors.shell.partition import Partition
from processors.shell.store import Store
from schemas.events import Event, RewardPosted, TouchpointRecorded
from tests.processors.simulation import CALM, WILD, Broker, Outcome, Plan, restore, run
from tests.stories.telling import after, enter, event_id, leave, merged, purchase, returned, scan, tap, told
from tests.stories.world import BOUGHT, SCANNED, THANKS, route, world

SEEDS = 300
PEOPLE = ("anna", "ben", "cleo")
WORLD = world(
    route("again", 20, visits_at_least=2),
    route("here", 10, in_store=True),
    route("else", 5, "know"),
    rewards=(SCANNED, BOUGHT, THANKS),
    stock={("mitte", "KB-1"): 2},
)


def walk(seed: int, merges: bool = False) -> list[Any]:
    """A made-up street: some forty events of three people, a few of them twice, a sale returned once at most."""
    chance = random.Random(seed)
    chapters, sales = [], []
    for _ in range(chance.randint(10, 40)):
        who = chance.choice(PEOPLE)
        match chance.randrange(7):
            case 0 | 1:
                chapters.append(scan(chance.choice(["shelf", "poster", "bottle"]), who=who))
            case 2:
                chapters.append(enter(chance.choice(["mitte", "bar"]), who=who))
            case 3:
                chapters.append(chance.choice([leave, tap])(who=who))  # type: ignore[operator]
            case 4:
                sales.append(f"sale-{len(chapters)}")
                chapters.append(purchase(f"{chance.randint(0, 30)}.50", "KB-1", who=who, name=sales[-1]))
            case 5 if sales:
                back = sales.pop(chance.randrange(len(sales)))
                chapters.append(returned(f"{chance.randint(0, 30)}", of=back, who=who))
            case _:
                chapters.append(after(chance.choice(["1 minute", "2 hours"])))
    if merges:
        chapters.insert(chance.randint(0, len(chapters)), merged("anna", into="ben"))
        chapters.insert(chance.randint(0, len(chapters)), merged("ben", into="cleo"))
    events = told(*chapters)
    for _ in range(len(events) // 4):
        at = chance.randrange(len(events))
        events.insert(chance.randint(at, min(at + 12, len(events))), events[at])
    return events


def as_recorded(events: Sequence[Any]) -> list[Event]:
    fields = TouchpointRecorded.__struct_fields__
    return [TouchpointRecorded(**{name: getattr(event, name) for name in fields}) for event in events]


def plain(outcome: Outcome) -> tuple[Any, ...]:
    return outcome.effects, outcome.states


def check(seed: int, core: Any, events: Sequence[Event], calm: Outcome, plan: Plan) -> None:
    """One source topic: every effect and every state as in the untroubled run, and one content for each id."""
    wild = run(core.PROCESSOR, WORLD, events, seed, plan)
    assert all(len(contents) == 1 for contents in wild.effects.values()), f"seed {seed}"
    assert plain(wild) == plain(calm), f"seed {seed}"
    assert wild.disk == wild.changelog, f"seed {seed}"


def ledger(outcome: Outcome) -> dict[str, set[bytes]]:
    return {id: raw for id, raw in outcome.effects.items() if isinstance(outcome.events[id], RewardPosted)}


def check_merges(seed: int, events: Sequence[Event], calm: Outcome, plan: Plan) -> None:
    """Three source topics without an order among them: the same ledger all the same, and its sum is what people
    have."""
    wild = run(rewards.PROCESSOR, WORLD, events, seed, plan)
    assert ledger(wild) == ledger(calm), f"seed {seed}"
    assert all(len(contents) == 1 for contents in ledger(wild).values()), f"seed {seed}"
    points = sum(event.points for event in wild.events.values() if isinstance(event, RewardPosted))
    assert points == sum(s.balance for s in wild.states.values() if isinstance(s, Account)), f"seed {seed}"
    assert wild.disk == wild.changelog, f"seed {seed}"


@pytest.mark.parametrize("core", [identity, context, rewards], ids=lambda core: core.PROCESSOR.name)
def test_crashes_zombies_and_redelivery_change_nothing(core: Any) -> None:
    for seed in range(SEEDS // 3):
        events = as_recorded(walk(seed)) if core is identity else walk(seed)
        check(seed, core, events, run(core.PROCESSOR, WORLD, events, seed, CALM), WILD)


def test_people_merge_among_crashes_and_every_event_is_paid_once() -> None:
    for seed in range(SEEDS):
        events = walk(seed, merges=True)
        check_merges(seed, events, run(rewards.PROCESSOR, WORLD, events, seed, CALM), WILD)


def test_a_seed_always_gives_the_same_run() -> None:
    for seed in range(10):
        events = walk(seed, merges=True)
        first, second = (run(rewards.PROCESSOR, WORLD, events, seed, WILD) for _ in range(2))
        assert first == second


# Bugs on purpose: each has to be found.


class OffsetsBeforeEffects(Partition):
    async def _commit(self, changelog: Changelog) -> None:
        late, self._deliveries = self._deliveries, []
        await super()._commit(changelog)
        for delivery in late:
            await delivery


class StoreBeforeChangelog(Partition):
    async def _commit(self, changelog: Changelog) -> None:
        marks = [(WATERMARK + t.encode(), b"%d" % (o - 1)) for t, o in self._changed.items()]
        self._store.write((*self._desk.dirty.items(), *marks), self._store.position)
        await super()._commit(changelog)


class EveryRecordIsFresh(Partition):
    async def _fresh(self, topic: str, records: Sequence[Record]) -> Sequence[Record]:
        return records


def without_the_tail(broker: Broker, store: Store) -> int:
    whole, broker.rows = broker.rows, broker.rows[:-1]
    try:
        return restore(broker, store)
    finally:
        broker.rows = whole


def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn, "remember", lambda seen, *marks: ())


def pay_by_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    attempts = iter(range(10**9))
    monkeypatch.setattr(rewards, "derived", lambda *parts: event_id(f"{parts} {next(attempts)}"))


def double_on_merge(monkeypatch: pytest.MonkeyPatch) -> None:
    true_merge = rewards.merge

    def merge(winner: Account | None, loser: Account) -> Any:
        doubled = {mark + 1: points for mark, points in loser.posted.items()}
        return true_merge(winner, msgspec.structs.replace(loser, posted=loser.posted | doubled))

    monkeypatch.setattr(rewards, "PROCESSOR", replace(rewards.PROCESSOR, merge=merge))


BUGS: dict[str, tuple[Plan, Callable[[pytest.MonkeyPatch], None] | None]] = {
    "offsets before effects": (Plan(build=OffsetsBeforeEffects), None),
    "store before changelog": (Plan(build=StoreBeforeChangelog), None),
    "gaps and redelivery taken as they come": (Plan(build=EveryRecordIsFresh), None),
    "the tail of the changelog lost": (Plan(restore=without_the_tail), None),
    "zombies not refused": (Plan(fenced=False), None),
    "duplicates not remembered": (WILD, forget),
    "ids that differ between attempts": (WILD, pay_by_attempt),
    "points doubled by a merge": (WILD, double_on_merge),
}


@pytest.mark.parametrize("bug", BUGS)
def test_the_simulation_sees(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plan, plant = BUGS[bug]
    for seed in range(SEEDS):
        alone, merging = walk(seed), walk(seed, merges=True)
        calm = [run(core.PROCESSOR, WORLD, alone, seed, CALM) for core in (context, rewards)]
        calm_merging = run(rewards.PROCESSOR, WORLD, merging, seed, CALM)
        with monkeypatch.context() as planted:
            if plant is not None:
                plant(planted)
            try:
                check(seed, context, alone, calm[0], plan)
                check(seed, rewards, alone, calm[1], plan)
                check_merges(seed, merging, calm_merging, plan)
            except AssertionError:
                return
    raise AssertionError(f"not found in {SEEDS} seeds: {bug}")
