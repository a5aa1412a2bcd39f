"""Rewards and statements that arrive late: the ledger is what it would be had everything come in order."""

import random
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from deploy.operate.replay.canonical import CanonicalForm
from processors.rewards.core import PROCESSOR as REWARDS
from processors.rewards.state import OFFERS_KEPT, Account
from processors.shell.state.records import StateRecordCodec
from schemas.brand.model import ApiKey, Consent
from schemas.events import ConsentStated
from tests.stories.test_unmerge import PEOPLE, Histories, people
from tests.support.builders import (
    ANNA,
    EventSpec,
    after,
    agreed,
    build_events,
    merged,
    objected,
    parted,
    person,
    purchase,
    returned,
    scan,
    stated_with,
    touch,
)
from tests.support.harness import Harness, balance
from tests.support.naive_model import NaiveModel, net_of_returns
from tests.support.reference import SCANNED, reference

GPC = '{"gpc":true}'
ASKS = (Consent(id="identity", default="opt_in"),)
TELLS = (Consent(id="identity", gpc=("DE",)),)
LONG, SHORT, STEPS, DAYS = 3_000, 60, 30, 12
CHOICES = 8


def told(rewards: Harness, late: int, *specs: EventSpec) -> list[str]:
    """The effects of events of which one arrives after all others."""
    events = build_events(*specs)
    return rewards.run(*events[:late], *events[late + 1 :], events[late])


def test_a_withdrawal_that_arrives_late_takes_back_what_came_after_it(rewards: Harness) -> None:
    rewards.reference = reference(consent=TELLS)
    assert told(rewards, 1, scan(), objected("identity"), scan(), purchase("10")) == [
        "anna +5 scanned for scan-1",
        "anna +5 scanned for scan-2",
        "anna +20 bought for sale-1",
        "anna -5 scanned for scan-2",
        "anna -20 bought for sale-1",
    ]
    assert balance(rewards, ANNA) == 5


def test_a_grant_that_arrives_late_posts_what_was_offered(rewards: Harness) -> None:
    rewards.reference = reference(consent=ASKS)
    assert told(rewards, 1, scan(), agreed("identity"), scan(), purchase("10"), returned("4", of="sale-1")) == [
        "dropped: no_consent",
        "dropped: no_consent",
        "dropped: no_consent",
        "anna +5 scanned for scan-2",
        "anna +20 bought for sale-1",
        "anna -8 bought for sale-1",
    ]
    assert balance(rewards, ANNA) == 17


def canonical(harness: Harness) -> bytes | None:
    return CanonicalForm(REWARDS).of(StateRecordCodec(Account).encode(harness.records[person(ANNA)]))


@pytest.mark.parametrize("seed", range(20))
def test_a_rebuilt_account_is_the_stored_one_whatever_topic_came_first(seed: int) -> None:
    """Comparison leaves out how many entries it took, and nothing else."""
    events = build_events(
        scan(), stated_with("identity", who="anna"), purchase("10"), scan(), agreed("identity"), purchase("3"),
        returned("2", of="sale-1"), objected("identity"), scan(),
    )  # fmt: skip
    ends = []
    for chance in (random.Random(seed), random.Random(-1 - seed)):
        harness = Harness(REWARDS, reference(consent=TELLS))
        topics = [[e for e in events if isinstance(e, ConsentStated) is stated] for stated in (True, False)]
        while any(topics):
            harness.apply(chance.choice([topic for topic in topics if topic]).pop(0))
        ends.append(canonical(harness))
    assert ends[0] == ends[1] is not None
    more = Harness(REWARDS, reference(consent=TELLS))
    more.apply(*events, *build_events(after("1 day"), agreed("identity", name="late"), scan(name="more")))
    assert canonical(more) != ends[0]


def test_the_entry_that_is_posted_late_is_the_one_of_its_event(rewards: Harness) -> None:
    rewards.reference = reference(consent=ASKS)
    agrees, scanned, bought = build_events(agreed("identity"), scan(), purchase("10"))
    in_order = Harness(rewards.processor, rewards.reference).apply(agrees, scanned, bought)
    assert rewards.apply(scanned, bought, agrees)[2:] == in_order


def test_what_was_taken_back_and_is_agreed_to_after_all_comes_back_once(rewards: Harness) -> None:
    rewards.reference = reference(consent=TELLS)
    no, yes, scanned = build_events(objected("identity"), agreed("identity"), scan())
    assert rewards.run(scanned, no, yes) == [
        "anna +5 scanned for scan-1", "anna -5 scanned for scan-1", "anna +5 scanned for scan-1",
    ]  # fmt: skip


def test_a_statement_that_came_with_another_identifier_counts_late_as_well(rewards: Harness) -> None:
    assert told(rewards, 0, stated_with("identity", who="ben"), purchase("10", who="ben")) == [
        "ben +20 bought for sale-1", "ben -20 bought for sale-1",
    ]  # fmt: skip


def test_a_late_browser_signal_withdraws_where_the_law_of_the_place_says_so(rewards: Harness) -> None:
    story = (scan(properties=GPC, name="scan-1"), scan(name="scan-2"))
    rewards.reference = reference(consent=TELLS)
    assert told(rewards, 0, *story) == [
        "anna +5 scanned for scan-2", "anna -5 scanned for scan-2", "dropped: no_consent",
    ]  # fmt: skip


def test_what_a_brand_says_later_does_not_change_what_was(rewards: Harness) -> None:
    scanned, agrees, again = build_events(scan(), agreed("identity", expires_at="2026-03-02T10:00:02Z"), scan())
    rewards.reference = reference(consent=ASKS)
    assert rewards.run(scanned) == ["dropped: no_consent"]
    rewards.reference = reference(consent=TELLS)
    assert rewards.run(again, agrees) == ["anna +5 scanned for scan-2"]


def test_who_is_joined_to_somebody_who_withdrew_has_points_again_when_they_part(rewards: Harness) -> None:
    rewards.reference = reference(consent=TELLS)
    events = build_events(
        objected("identity", who="ben"), purchase("10"), merged("ben", into="anna"), parted("ben", from_="anna")
    )
    assert rewards.run(*events) == [
        "anna +20 bought for sale-1", "ben moves to anna", "anna -20 bought for sale-1", "ben moves to ben",
        "anna +20 bought for sale-1",
    ]  # fmt: skip


def test_points_once_a_day_are_posted_where_consent_was_given_at_any_of_its_events(rewards: Harness) -> None:
    daily = msgspec.structs.replace(SCANNED, id="daily", on=("page_view",), public_keys="once_a_day",
                                    trust_at_least=50)  # fmt: skip
    page = ApiKey(id="page", hash="", scopes=("events:web",))
    rewards.reference = reference(rewards=(daily,), api_keys=(page,), consent=ASKS)
    view = touch("page_view")
    events = build_events(view, agreed("identity"), view, objected("identity"), view)
    first, yes, second, no, third = [
        msgspec.structs.replace(event, source="page") if event.type == "page_view" else event for event in events
    ]
    assert rewards.run(first, third, no, second) == ["dropped: no_consent"]
    assert rewards.run(yes) == ["anna +5 daily for page_view-1"]
    assert balance(rewards, ANNA) == 5
    # An event that does not earn it by itself does not bring it either.
    for reason in ({"trust": 10}, {"type": "form"}):
        other = Harness(rewards.processor, rewards.reference)
        other.apply(yes, no, first, third, msgspec.structs.replace(second, **reason))
        assert balance(other, ANNA) == 0


def test_where_a_brand_says_nothing_late_statements_concern_sales_and_what_follows_a_first_statement(
    rewards: Harness,
) -> None:
    """Of nearly all people of such a brand nothing is ever said: their other events are not remembered."""
    first, no, yes, second = build_events(scan(), objected("identity"), agreed("identity"), scan())
    assert told(rewards, 0, objected("identity"), scan(), purchase("10")) == [
        "anna +5 scanned for scan-1", "anna +20 bought for sale-1", "anna -20 bought for sale-1",
    ]  # fmt: skip
    other = Harness(rewards.processor, rewards.reference)
    assert other.run(yes, second, no, first) == ["anna +5 scanned for scan-2", "anna +5 scanned for scan-1"]


def test_a_late_statement_is_heeded_for_the_latest_offers(rewards: Harness) -> None:
    rewards.reference = reference(consent=TELLS)
    no, *scans = build_events(objected("identity"), *[scan() for _ in range(OFFERS_KEPT + 3)])
    rewards.apply(*scans[2:], *scans[:2])
    assert len(rewards.state(ANNA).part(person(ANNA)).offers) == OFFERS_KEPT
    rewards.apply(no)
    assert balance(rewards, ANNA) == 3 * 5


def test_points_stay_when_more_was_said_than_is_kept(rewards: Harness) -> None:
    rewards.reference = reference(consent=ASKS)
    yes, scanned, *more = build_events(
        agreed("identity"), scan(), *[(agreed if n % 2 else objected)("identity") for n in range(9)]
    )
    assert rewards.run(yes, scanned, *more) == ["anna +5 scanned for scan-1"]


class NaiveConsent(NaiveModel):
    """With what people said, and what silence means."""

    asks_first: bool = False

    def balances(self) -> dict[str, int]:
        points = dict.fromkeys(self.people, 0)
        sellers = {event.event_id: who for who, event in self.events if event.type == "sale"}
        money: dict[str, list[Any]] = {who: [] for who in self.people}
        for who, event in self.events:
            if event.type == "scan" and self.agrees(who, event.occurred_at):
                points[who] += 5
            if event.type in ("sale", "return"):
                money[self.person_of[sellers.get(event.related_event_id, who)]].append(event)
        at = {event.event_id: event.occurred_at for _, event in self.events}
        for events in money.values():
            for sale, left in net_of_returns(events).items():
                points[sellers[sale]] += 2 * (left // 1_000_000) * self.agrees(sellers[sale], at[sale])
        return points

    def agrees(self, who: str, at: int) -> bool:
        latest, gpc = [], []
        for one in self.group(who):
            said = [e for other, e in self.events if other == one and e.occurred_at <= at]
            words = sorted((e.occurred_at, e.type == "consent_withdrawn") for e in said if "consent" in e.type)
            latest += words[-1:]
            gpc += [e.occurred_at for e in said if e.type == "scan" and e.properties == GPC]
        if any(withdrawn for _, withdrawn in latest):
            return False
        grants = [when for when, _ in latest]
        if gpc and (not grants or max(grants) < min(gpc)):
            return False
        return bool(grants) or not self.asks_first


class LateHistories(Histories):
    """Statements as well, and everything at any of some days."""

    asks_first = False

    def __init__(self) -> None:
        super().__init__()
        self.naive = NaiveConsent(PEOPLE)
        self.naive.asks_first = self.asks_first
        self.harness.reference = reference(consent=(Consent(
            id="identity", default="opt_in" if self.asks_first else "opt_out", gpc=("DE",)),))  # fmt: skip
        self.day = 0
        self.said = dict.fromkeys(PEOPLE, 0)

    @rule(who=people, grants=st.booleans(), data=st.data())
    def say(self, who: str, grants: bool, data: st.DataObject) -> None:
        if self.said[who] < CHOICES:
            self.said[who] += 1
            known_as = self._some_person(who, data)
            spec = (agreed if grants else objected)("identity", who=who, name=self._new("word"), known_as=known_as)
            self._publish(who, spec)

    @rule(who=people, data=st.data())
    def send_gpc(self, who: str, data: st.DataObject) -> None:
        known_as = self._some_person(who, data)
        self._publish(who, scan(who=who, name=self._new("scan"), known_as=known_as, properties=GPC))

    @rule(day=st.integers(0, DAYS))
    def on(self, day: int) -> None:
        self.day = day

    def _publish(self, who: str, spec: Any) -> None:
        days = f"{self.day} days"
        super()._publish(who, lambda timeline: (after(days)(timeline), spec(timeline))[1])


class LateHistoriesThatAsk(LateHistories):
    asks_first = True


@pytest.mark.timeout(1500)
@pytest.mark.parametrize("histories", [LateHistories, LateHistoriesThatAsk])
def test_the_ledger_equals_the_naive_model_in_whatever_order_statements_come(
    histories: type[LateHistories], long: bool
) -> None:
    run_state_machine_as_test(
        histories,
        settings=settings(
            max_examples=LONG if long else SHORT,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
