"""Random merges and splits while people earn, buy and return: the ledger equals a naive model.

Everything in flight arrives in any order, perhaps twice: touchpoints of any person that a source profile ever had,
identity changes, transfers of parts and of events. 100 histories take some 8 s; the long form runs 10,000.
"""

from collections import defaultdict
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from processors.rewards.core import PROCESSOR as REWARDS
from processors.rewards.state import Account, AccountPart
from processors.shell.state.records import Active, StateRecordCodec
from processors.step import Emit
from schemas.events import Event, IdentityChanged, RewardPosted, StateMoved
from tests.support.builders import build_events, event_id, merged, parted, person, purchase, returned, scan
from tests.support.harness import Harness
from tests.support.naive_model import NaiveModel
from tests.support.reference import reference

PEOPLE = ("anna", "ben", "cleo", "dora", "emil")
SHORT, LONG, STEPS = 100, 10_000, 30
CODEC = StateRecordCodec(Account)
REFERENCE = reference()
people, amounts = st.sampled_from(PEOPLE), st.integers(1, 9)


class Histories(RuleBasedStateMachine):
    """``in_flight`` has what was sent and not applied yet, ``applied`` what may be delivered again."""

    def __init__(self) -> None:
        super().__init__()
        self.naive = NaiveModel(PEOPLE)
        self.in_flight: list[Event] = []
        self.harness = Harness(REWARDS, REFERENCE, held=self.in_flight)
        self.applied: list[Event] = []
        self.ledger: dict[str, RewardPosted] = {}
        self.versions = dict.fromkeys(PEOPLE, 0)
        self.persons = {who: [who] for who in PEOPLE}
        self.number = 0
        self.sales: list[str] = []

    @rule(one=people, other=people, data=st.data())
    def link(self, one: str, other: str, data: st.DataObject) -> None:
        """Any of them may become the person: which one is the oldest may change at any time."""
        group = self.naive.group(one) | self.naive.group(other)
        self._resolve(group, data.draw(st.sampled_from(sorted(group))))

    @rule(one=people, data=st.data())
    def unlink(self, one: str, data: st.DataObject) -> None:
        group = self.naive.group(one)
        apart = data.draw(st.sets(st.sampled_from(sorted(group)))) | {one}
        for side in (apart, group - apart):
            if side:
                self._resolve(side, data.draw(st.sampled_from(sorted(side))))

    @rule(who=people, data=st.data())
    def earn(self, who: str, data: st.DataObject) -> None:
        self._publish(who, scan(who=who, name=self._new("scan"), known_as=self._some_person(who, data)))

    @rule(who=people, units=amounts, data=st.data())
    def buy(self, who: str, units: int, data: st.DataObject) -> None:
        self.sales.append(name := self._new("sale"))
        self._publish(who, purchase(f"{units}", who=who, name=name, known_as=self._some_person(who, data)))

    @rule(who=people, units=amounts, data=st.data())
    def give_back(self, who: str, units: int, data: st.DataObject) -> None:
        """Of anybody's sale, or of none in particular."""
        sale, name = data.draw(st.sampled_from(["", *self.sales])), self._new("return")
        known_as = self._some_person(who, data)
        self._publish(who, returned(f"{units}", of=sale, who=who, name=name, known_as=known_as))

    @rule(data=st.data())
    def arrive(self, data: st.DataObject) -> None:
        for _ in range(data.draw(st.integers(1, 5))):
            if self.in_flight:
                event = self.in_flight.pop(data.draw(st.integers(0, len(self.in_flight) - 1)))
                self.applied.append(event)
                self._take(event)

    @rule(data=st.data())
    def redeliver(self, data: st.DataObject) -> None:
        if self.applied:
            self._take(data.draw(st.sampled_from(self.applied)))

    @invariant()
    def transfers_change_no_total(self) -> None:
        """The accounts and the parts in flight have what was posted."""
        everywhere: dict[str, AccountPart] = defaultdict(AccountPart)
        for account in (*self._accounts().values(), *map(_carried, self.in_flight)):
            for profile, part in account.parts.items():
                everywhere[profile] = everywhere[profile].joined(part)
        assert Account(dict(everywhere)).balance == sum(entry.points for entry in self.ledger.values())

    def teardown(self) -> None:
        while self.in_flight:
            self._take(self.in_flight.pop(0))
        expected = self.naive.balances()
        accounts = self._accounts()
        for name in PEOPLE:
            mine = {person(who) for who in PEOPLE if self.naive.person_of[who] == name}
            account = accounts.get(person(name), Account())
            assert account.parts.keys() <= mine, f"{name} has a part of somebody else"
            points = {profile: Account({profile: account.part(profile)}).balance for profile in mine}
            assert points == {person(who): expected[who] for who in PEOPLE if person(who) in mine}
        assert sum(entry.points for entry in self.ledger.values()) == sum(expected.values())
        by_profile: dict[str, int] = defaultdict(int)
        for entry in self.ledger.values():
            by_profile[entry.source_profile_id] += entry.points
        assert all(by_profile[person(who)] == points for who, points in expected.items())
        self.harness.replay()

    def _resolve(self, group: set[str], name: str) -> None:
        for who in sorted(group):
            if (was := self.naive.person_of[who]) != name:
                self.versions[who] += 1
                self.persons[who].append(name)
                spec = parted(who, was, name) if who == name else merged(was, name, who)
                [change] = build_events(spec)
                assert isinstance(change, IdentityChanged)
                new = msgspec.structs.replace(
                    change, event_id=event_id(self._new("change")), version=self.versions[who]
                )
                self.in_flight.append(new)
        self.naive.resolve(group, name)

    def _new(self, type: str) -> str:
        self.number += 1
        return f"{type} number {self.number}"

    def _some_person(self, who: str, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(self.persons[who]))

    def _publish(self, who: str, spec: Any) -> None:
        [event] = build_events(spec)
        self.naive.events.append((who, event))
        self.in_flight.append(event)

    def _take(self, event: Event) -> None:
        for effect in self.harness.apply(event):
            if isinstance(effect, Emit) and isinstance(effect.event, RewardPosted):
                assert self.ledger.setdefault(effect.event.event_id, effect.event) == effect.event
            elif isinstance(effect, Emit):
                self.in_flight.append(effect.event)

    def _accounts(self) -> dict[str, Account]:
        kept = self.harness.records.items()
        return {key: one.state for key, one in kept if isinstance(one, Active) and one.state is not None}


def _carried(event: Event) -> Account:
    transfer = CODEC.decode_transfer(event.state) if isinstance(event, StateMoved) else None
    return transfer.state if isinstance(transfer, Active) and transfer.state is not None else Account()


@pytest.mark.timeout(1500)
def test_the_ledger_of_people_who_are_merged_and_split_equals_the_naive_model(long: bool) -> None:
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=LONG if long else SHORT,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
