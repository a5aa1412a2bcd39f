"""Random histories of people who merge and part while they earn, buy and bring back: equal to a naive count.

Whatever is under way arrives in any order and may come again: touchpoints under any name that identity ever had for
somebody, news of names, parts and forwarded events. 300 histories in some 15 s, 10,000 in the long form.
"""

from collections import defaultdict
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from processors.rewards.core import PROCESSOR as REWARDS
from processors.rewards.state import Account, Part
from processors.shell.kept import Active, KeptCodec
from processors.step import Emit
from schemas.events import Event, IdentityChanged, RewardPosted, StateMoved
from schemas.ids import mark
from tests.stories.naive import Naive
from tests.stories.stage import Stage
from tests.stories.telling import event_id, merged, parted, person, purchase, returned, scan, told
from tests.stories.world import world

PEOPLE = ("anna", "ben", "cleo", "dora", "emil")
SHORT, LONG, STEPS = 300, 10_000, 30
CODEC = KeptCodec(Account)
WORLD = world()
people, amounts = st.sampled_from(PEOPLE), st.integers(1, 9)


class Histories(RuleBasedStateMachine):
    """``under_way`` has what was sent and not taken yet, ``taken`` what may come again."""

    def __init__(self) -> None:
        super().__init__()
        self.naive = Naive(PEOPLE)
        self.stage = Stage(REWARDS, WORLD)
        self.under_way: list[Event] = []
        self.taken: list[Event] = []
        self.ledger: dict[str, RewardPosted] = {}
        self.versions = dict.fromkeys(PEOPLE, 0)
        self.names = {who: [who] for who in PEOPLE}
        self.number = 0

    @rule(one=people, other=people, data=st.data())
    def link(self, one: str, other: str, data: st.DataObject) -> None:
        """Any of them may give the name: which one is the oldest may change at any time."""
        group = self.naive.group(one) | self.naive.group(other)
        self._rename(group, data.draw(st.sampled_from(sorted(group))))

    @rule(one=people, data=st.data())
    def unlink(self, one: str, data: st.DataObject) -> None:
        group = self.naive.group(one)
        apart = data.draw(st.sets(st.sampled_from(sorted(group)))) | {one}
        for side in (apart, group - apart):
            if side:
                self._rename(side, data.draw(st.sampled_from(sorted(side))))

    @rule(who=people, data=st.data())
    def earn(self, who: str, data: st.DataObject) -> None:
        self.naive.scans.append(who)
        self._tell(scan(who=who, name=self._new("scan"), known_as=self._some_name(who, data)))

    @rule(who=people, units=amounts, data=st.data())
    def buy(self, who: str, units: int, data: st.DataObject) -> None:
        name = self._new("sale")
        self.naive.sales[name] = who, units
        self._tell(purchase(f"{units}", who=who, name=name, known_as=self._some_name(who, data)))

    @rule(who=people, units=amounts, data=st.data())
    def bring_back(self, who: str, units: int, data: st.DataObject) -> None:
        if self.naive.sales:
            sale = data.draw(st.sampled_from(sorted(self.naive.sales)))
            name = self._new("return")
            self.naive.returns[name] = who, sale, units
            self._tell(returned(f"{units}", of=sale, who=who, name=name, known_as=self._some_name(who, data)))

    @rule(data=st.data())
    def arrive(self, data: st.DataObject) -> None:
        for _ in range(data.draw(st.integers(1, 5))):
            if self.under_way:
                event = self.under_way.pop(data.draw(st.integers(0, len(self.under_way) - 1)))
                self.taken.append(event)
                self._take(event)

    @rule(data=st.data())
    def come_again(self, data: st.DataObject) -> None:
        if self.taken:
            self._take(data.draw(st.sampled_from(self.taken)))

    @invariant()
    def moving_changes_no_total(self) -> None:
        """What the accounts and the parts on their way have is what was posted."""
        everywhere: dict[str, Part] = defaultdict(Part)
        for account in (*self._accounts().values(), *map(_carried, self.under_way)):
            for own, part in account.parts.items():
                everywhere[own] = everywhere[own].joined(part)
        assert Account(dict(everywhere)).balance == sum(entry.points for entry in self.ledger.values())

    def teardown(self) -> None:
        while self.under_way:
            self._take(self.under_way.pop(0))
        taken_back = self._taken_back()
        assert all(self.naive.may_be_taken_back(back) for back in taken_back)
        assert all(back in taken_back for back in self.naive.returns if self.naive.must_be_taken_back(back))
        expected = self.naive.balances(taken_back)
        accounts = self._accounts()
        for name in PEOPLE:
            mine = {person(who) for who in PEOPLE if self.naive.name_of[who] == name}
            account = accounts.get(person(name), Account())
            assert account.parts.keys() <= mine, f"{name} has a part of somebody else"
            points = {own: Account({own: account.part(own)}).balance for own in mine}
            assert points == {person(who): expected[who] for who in PEOPLE if person(who) in mine}
        assert sum(entry.points for entry in self.ledger.values()) == sum(expected.values())
        by_own: dict[str, int] = defaultdict(int)
        for entry in self.ledger.values():
            by_own[entry.own_person_id] += entry.points
        assert all(by_own[person(who)] == points for who, points in expected.items())
        self.stage.tells_again()

    def _rename(self, group: set[str], name: str) -> None:
        for who in sorted(group):
            if (was := self.naive.name_of[who]) != name:
                self.versions[who] += 1
                self.names[who].append(name)
                chapter = parted(who, was, name) if who == name else merged(was, name, who)
                [change] = told(chapter)
                assert isinstance(change, IdentityChanged)
                new = msgspec.structs.replace(
                    change, event_id=event_id(self._new("change")), version=self.versions[who]
                )
                self.under_way.append(new)
        self.naive.call(group, name)

    def _new(self, type: str) -> str:
        self.number += 1
        return f"{type} number {self.number}"

    def _some_name(self, who: str, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(self.names[who]))

    def _tell(self, chapter: Any) -> None:
        self.under_way += told(chapter)

    def _take(self, event: Event) -> None:
        for effect in self.stage.hears(event):
            if isinstance(effect, Emit) and isinstance(effect.event, RewardPosted):
                assert self.ledger.setdefault(effect.event.event_id, effect.event) == effect.event
            elif isinstance(effect, Emit):
                self.under_way.append(effect.event)

    def _accounts(self) -> dict[str, Account]:
        kept = self.stage.kept.items()
        return {key: one.state for key, one in kept if isinstance(one, Active) and one.state is not None}

    def _taken_back(self) -> set[str]:
        parts = [part for account in self._accounts().values() for part in account.parts.values()]
        return {back for back in self.naive.returns if any(mark(event_id(back)) in part.posted for part in parts)}


def _carried(event: Event) -> Account:
    parcel = CODEC.decode_parcel(event.state) if isinstance(event, StateMoved) else None
    return parcel.state if isinstance(parcel, Active) and parcel.state is not None else Account()


@pytest.mark.timeout(1500)
def test_histories_of_people_who_merge_and_part_are_as_a_child_would_count_them(long: bool) -> None:
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=LONG if long else SHORT,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
