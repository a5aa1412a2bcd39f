"""Points of a campaign with a budget, coupons and draws: posted when the limit has granted them, given back when they
are reversed; the ledger and the limit always agree."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from processors.rewards.core import PROCESSOR as REWARDS
from processors.step import Drop, Effect, Emit
from schemas.brand.campaigns import Campaign
from schemas.brand.model import Consent, Reward
from schemas.brand.reward_terms import Caps, Milestone
from schemas.events import BudgetAnswered, BudgetClaimed, CouponRequested, Event, RewardPosted
from tests.support.builders import (
    ANNA,
    after,
    agreed,
    build_events,
    erased,
    merged,
    objected,
    parted,
    purchase,
    returned,
    scan,
)
from tests.support.harness import Harness, balance, name
from tests.support.histories import lawful
from tests.support.limits import Limits
from tests.support.reference import reference

BEN = "ben"
SCAN = Reward(id="scanned", version=1, on=("scan",), points=5, campaign="spring")
BUY = Reward(id="bought", version=1, on=("sale",), points_per_unit=1, campaign="spring")
PLAIN = Reward(id="plain", version=1, on=("scan",), points=1)
COUPON = Reward(id="treat", version=1, on=("sale",), coupon="ten")


class Spring:
    """Rewards beside the limit of a campaign; what is claimed waits until `answer`."""

    def __init__(self, harness: Harness, size: int, *rules: Reward, consent: tuple[Consent, ...] = ()) -> None:
        campaign = Campaign(id="spring", budget_points=size)
        harness.reference = reference(rewards=rules or (SCAN, BUY), campaigns=(campaign,), consent=consent)
        self.rewards, self.limits = harness, Limits(size)
        self.posted: dict[str, RewardPosted] = {}
        self.effects: list[Effect] = []
        self.claimed: list[BudgetClaimed] = []
        self._answers = 0

    def happens(self, *specs: Any) -> None:
        """The events of a story; their claims are on their way."""
        self.events(*build_events(*specs))

    def events(self, *events: Event) -> None:
        for event in events:
            now = self.rewards.apply(event)
            now += self.rewards.deliver(now)
            self._follow(now)

    def _follow(self, effects: list[Effect]) -> None:
        self.effects += effects
        for effect in effects:
            if isinstance(effect, Emit) and isinstance(effect.event, RewardPosted):
                assert self.posted.setdefault(effect.event.event_id, effect.event) == effect.event
            if isinstance(effect, Emit) and isinstance(effect.event, BudgetClaimed):
                assert effect.transactional
                self.claimed.append(effect.event)
                if effect.event.limit == self.limits.limit:
                    self.limits.put(effect.event)

    def wakes(self) -> None:
        """Every timer of an account is due."""
        self._follow(self.rewards.wake(2**62))

    def answer(self) -> list[str]:
        """The limit answers; what that posts, as sentences."""
        before = len(self.posted)
        while self.limits.flying or len(self.limits.answers) > self._answers:
            self.limits.settle()
            answers, self._answers = self.limits.answers[self._answers :], len(self.limits.answers)
            self.events(*answers)
        return [f"{name(one.person_id)} {one.points:+} {one.rule}" for one in list(self.posted.values())[before:]]

    @property
    def paid(self) -> int:
        """What the ledger says of the campaign."""
        return sum(one.points for one in self.posted.values() if one.rule in ("scanned", "bought"))

    def drops(self) -> list[str]:
        return [str(one.reason) for one in self.effects if isinstance(one, Drop)]

    def agrees(self) -> bool:
        return self.paid == self.limits.held


def test_points_of_a_budget_are_posted_when_they_are_granted(rewards: Harness) -> None:
    spring = Spring(rewards, 12, SCAN, BUY, PLAIN)
    spring.happens(scan(), purchase("30.00"), scan())
    assert [one.rule for one in spring.posted.values()] == ["plain", "plain"]
    assert balance(rewards, ANNA) == 2
    assert sorted(spring.answer()) == ["anna +5 scanned", "anna +7 bought"] or spring.paid == 12
    assert balance(rewards, ANNA) == 14 and spring.agrees()
    assert "exhausted" in spring.drops()


def test_an_entry_says_which_claim_and_campaign_paid_it(rewards: Harness) -> None:
    spring = Spring(rewards, 100)
    spring.happens(purchase("30.00"))
    spring.answer()
    (entry,) = spring.posted.values()
    assert (entry.campaign, entry.claim_id, entry.points, entry.kind) == ("spring", entry.event_id, 30, "earned")


def test_a_return_gives_back_to_the_budget_what_it_takes_from_the_person(rewards: Harness) -> None:
    spring = Spring(rewards, 30)
    spring.happens(purchase("30.00", name="sale-1"))
    spring.answer()
    spring.happens(returned("10.00", of="sale-1"))
    spring.answer()
    assert balance(rewards, ANNA) == 20 and spring.agrees()
    spring.happens(purchase("30.00", who=BEN))
    spring.answer()
    assert balance(rewards, BEN) == 10 and spring.paid == 30 and spring.agrees()


def test_a_return_that_comes_before_the_answer_leaves_what_is_due(rewards: Harness) -> None:
    spring = Spring(rewards, 100)
    spring.happens(purchase("30.00", name="sale-1"), returned("10.00", of="sale-1"))
    spring.answer()
    assert balance(rewards, ANNA) == 20 and spring.agrees()


def test_what_part_of_a_sale_was_granted_is_kept_as_long_as_the_sale_is_worth_it(rewards: Harness) -> None:
    spring = Spring(rewards, 12)
    spring.happens(purchase("30.00", name="sale-1"))
    spring.answer()
    assert spring.paid == 12
    spring.happens(returned("10.00", of="sale-1"))
    spring.answer()
    assert spring.paid == 12
    spring.happens(returned("15.00", of="sale-1", name="return-2"))
    spring.answer()
    assert spring.paid == 5 and spring.agrees()


def test_the_answer_finds_whoever_the_source_profile_is_of_by_then(rewards: Harness) -> None:
    spring = Spring(rewards, 100)
    spring.happens(scan(who=BEN), merged(BEN, ANNA))
    spring.answer()
    assert balance(rewards, ANNA) == 5 and spring.agrees()
    spring.happens(purchase("7.00", who=ANNA, known_as=BEN), parted(BEN, ANNA))
    spring.answer()
    assert spring.paid == 12 and spring.agrees()


def test_what_somebody_erased_had_claimed_goes_back(rewards: Harness) -> None:
    spring = Spring(rewards, 10)
    spring.happens(scan(), erased(ANNA))
    spring.answer()
    assert spring.paid == 0 and spring.limits.held == 0
    spring.happens(scan(who=BEN), scan(who=BEN))
    spring.answer()
    assert balance(rewards, BEN) == 10 and spring.agrees()


ASKS, TELLS = (Consent(id="identity", default="opt_in"),), (Consent(id="identity"),)


def test_without_consent_nothing_is_claimed_and_what_turns_out_to_be_agreed_to_is(rewards: Harness) -> None:
    spring = Spring(rewards, 100, consent=ASKS)
    scanned, bought, agrees = build_events(scan(), purchase("30.00"), agreed("identity"))
    early = replace(agrees, occurred_at=scanned.occurred_at - 1)
    spring.events(scanned, bought)
    assert not spring.claimed
    spring.events(early)
    assert len(spring.claimed) == 2 and not spring.posted
    assert sorted(spring.answer()) == ["anna +30 bought", "anna +5 scanned"]
    assert balance(rewards, ANNA) == 35 and spring.agrees()


def test_what_turns_out_to_be_refused_goes_back_to_the_budget(rewards: Harness) -> None:
    spring = Spring(rewards, 35, consent=TELLS)
    scanned, bought, objects = build_events(scan(), purchase("30.00"), objected("identity"))
    spring.events(scanned, bought)
    spring.answer()
    spring.events(replace(objects, occurred_at=scanned.occurred_at - 1))
    spring.answer()
    assert spring.paid == 0 and spring.limits.held == 0
    spring.happens(purchase("50.00", who=BEN))
    spring.answer()
    assert balance(rewards, BEN) == 35 and spring.agrees()


def test_what_was_refused_and_is_agreed_to_after_all_is_not_paid_twice(rewards: Harness) -> None:
    spring = Spring(rewards, 35, consent=TELLS)
    scanned, bought, objects, agrees = build_events(scan(), purchase("30.00"), objected("identity"), agreed("identity"))
    spring.events(scanned, bought)
    spring.answer()
    spring.events(replace(objects, occurred_at=scanned.occurred_at - 2))
    spring.answer()
    spring.events(replace(agrees, occurred_at=scanned.occurred_at - 1))
    spring.answer()
    assert spring.paid == 0 and spring.agrees()


def test_a_refusal_that_comes_before_the_answer_leaves_nothing(rewards: Harness) -> None:
    spring = Spring(rewards, 35, consent=TELLS)
    scanned, bought, objects = build_events(scan(), purchase("30.00"), objected("identity"))
    spring.events(scanned, bought, replace(objects, occurred_at=scanned.occurred_at - 1))
    spring.answer()
    assert spring.paid == 0 and spring.limits.held == 0 and balance(rewards, ANNA) == 0


def granted(claim: BudgetClaimed, number: int) -> BudgetAnswered:
    return BudgetAnswered(
        event_id=f"answer-{number}", occurred_at=claim.occurred_at, limit=claim.limit, claim_id=claim.claim_id,
        outcome="granted", units=1, first=number, person_id=claim.person_id, source_profile_id=claim.source_profile_id,
        rule=claim.rule, source_event_id=claim.source_event_id,
    )  # fmt: skip


def coupons(spring: Spring) -> list[tuple[str, str]]:
    asked = [one.event for one in spring.effects if isinstance(one, Emit)]
    return [(one.action, one.key) for one in asked if isinstance(one, CouponRequested)]


@pytest.mark.parametrize("why", ["returned", "refused"])
def test_a_coupon_of_nobody_by_the_time_of_the_answer_is_never_issued(rewards: Harness, why: str) -> None:
    spring = Spring(rewards, 10, COUPON, consent=TELLS)
    bought, objects, back = build_events(
        purchase("30.00", name="sale-1"), objected("identity"), returned("30.00", of="sale-1")
    )
    spring.events(bought, replace(objects, occurred_at=bought.occurred_at - 1) if why == "refused" else back)
    (claim,) = spring.claimed
    spring.events(granted(claim, 41))
    assert coupons(spring) == []
    assert [(one.action, one.claim_id, one.units) for one in spring.claimed[1:]] == [("release", claim.claim_id, 0)]


def test_a_coupon_is_issued_by_its_number_and_void_once_its_sale_is_returned(rewards: Harness) -> None:
    spring = Spring(rewards, 10, COUPON)
    spring.happens(purchase("30.00", name="sale-1"))
    (claim,) = spring.claimed
    assert (claim.limit, claim.units) == ("pool/ten", 1)
    spring.events(granted(claim, 41))
    spring.happens(returned("10.00", of="sale-1"))
    assert coupons(spring) == [("issue", "pool/ten/41")]
    spring.happens(returned("20.00", of="sale-1", name="return-2"))
    assert coupons(spring) == [("issue", "pool/ten/41"), ("void", "pool/ten/41")]
    assert not spring.posted


def test_a_milestone_that_two_people_reach_as_one_is_claimed(rewards: Harness) -> None:
    visits = Reward(id="scanned", version=1, on=("scan",), points=7, milestone=Milestone(visits=2), campaign="spring")
    spring = Spring(rewards, 10, visits)
    spring.happens(scan(who=ANNA), after("2 days"), scan(who=BEN, name="scan-2"), merged(BEN, ANNA))
    assert not spring.claimed
    spring.wakes()
    assert len(spring.claimed) == 1 and not spring.posted
    spring.answer()
    assert balance(rewards, ANNA) == 7 and spring.agrees()


def test_what_is_beyond_a_cap_of_two_people_who_are_one_goes_back_to_the_budget(rewards: Harness) -> None:
    once = Reward(
        id="scanned", version=1, on=("scan",), points=7, caps=Caps(ever=1, over="reverse"), campaign="spring"
    )  # fmt: skip
    spring = Spring(rewards, 14, once)
    spring.happens(scan(who=ANNA), scan(who=BEN, name="scan-2"))
    spring.answer()
    assert spring.paid == 14
    spring.happens(merged(BEN, ANNA))
    spring.wakes()
    spring.answer()
    assert balance(rewards, ANNA) == 7 and spring.agrees()
    spring.happens(parted(BEN, ANNA))
    spring.wakes()
    spring.answer()
    assert spring.agrees() and spring.paid <= 14


def test_what_is_beyond_a_cap_before_its_answer_is_never_posted(rewards: Harness) -> None:
    once = Reward(
        id="scanned", version=1, on=("scan",), points=7, caps=Caps(ever=1, over="reverse"), campaign="spring"
    )  # fmt: skip
    spring = Spring(rewards, 14, once)
    spring.happens(scan(who=ANNA), scan(who=BEN, name="scan-2"), merged(BEN, ANNA))
    spring.wakes()
    assert spring.paid == 0
    spring.answer()
    assert spring.paid == balance(rewards, ANNA) == 7 and spring.agrees()


def test_an_answer_that_nobody_waits_for_gives_its_units_back(rewards: Harness) -> None:
    spring = Spring(rewards, 10)
    spring.limits.claim("nobody", 4)
    spring.answer()
    assert spring.limits.held == 0


RULES = (
    (SCAN, BUY),
    (replace(SCAN, caps=Caps(ever=2, over="reverse")), replace(BUY, caps=Caps(ever=1, over="reverse"))),
    (replace(SCAN, milestone=Milestone(visits=2)), BUY),
)


@lawful
@given(st.data())
def test_ledger_and_limit_agree_whatever_comes_first(data: st.DataObject) -> None:
    """Sales, returns, merges, splits, statements, and answers at any moment: what is paid is what is held,
    and never more than the budget."""
    size = data.draw(st.integers(0, 60))
    rules = data.draw(st.sampled_from(RULES))
    spring = Spring(Harness(REWARDS, reference()), size, *rules, consent=data.draw(st.sampled_from([(), ASKS, TELLS])))
    sales: list[str] = []
    for number in range(data.draw(st.integers(1, 12))):
        kind = data.draw(st.sampled_from(["scan", "sale", "return", "merge", "split", "answer", "no", "yes", "wake"]))
        who = data.draw(st.sampled_from([ANNA, BEN]))
        if kind == "scan":
            spring.happens(scan(who=who, name=f"scan-{number}"))
        elif kind == "sale":
            sales.append(f"sale-{number}")
            spring.happens(purchase(f"{data.draw(st.integers(1, 30))}.00", who=who, name=sales[-1]))
        elif kind == "return" and sales:
            sale = data.draw(st.sampled_from(sales))
            spring.happens(
                returned(
                    f"{data.draw(st.integers(1, 30))}.00",
                    who=who,
                    name=f"return-{number}",
                    of=sale,
                )
            )
        elif kind == "merge":
            spring.happens(merged(BEN, ANNA))
        elif kind == "split":
            spring.happens(parted(BEN, ANNA))
        elif kind == "answer":
            spring.answer()
        elif kind == "wake":
            spring.wakes()
        elif kind in ("no", "yes"):
            says = objected if kind == "no" else agreed
            (said,) = build_events(says("identity", who=who, name=f"said-{number}"))
            spring.events(replace(said, occurred_at=said.occurred_at - 1 + data.draw(st.integers(-5, 2))))
        assert spring.paid <= size and spring.limits.held <= size
    spring.answer()
    spring.wakes()
    spring.answer()
    assert spring.agrees(), (spring.paid, spring.limits.held)
    assert spring.paid == (balance(spring.rewards, ANNA) or 0) + (balance(spring.rewards, BEN) or 0)
