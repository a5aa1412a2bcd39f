"""Referrals: who recommended the shop to whom, and what both get for it, once and only while it holds."""

import random
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.brand.model import Consent, Loyalty
from schemas.reasons import DropReason
from tests.support.builders import after, agreed, build_events, erased, merged, objected, parted, person, returned
from tests.support.recommending import DAY_US, PROGRAMME, Recommending, bought, followed
from tests.support.reference import reference

Tell = Callable[..., Recommending]


@pytest.fixture(params=["once", "twice"])
def shop(request: pytest.FixtureRequest):  # type: ignore[no-untyped-def]
    """The programme, with a replay of the whole story at the end."""
    made: list[Recommending] = []

    def build(**terms: object) -> Recommending:
        made.append(Recommending(msgspec.structs.replace(PROGRAMME, **terms), twice=request.param == "twice"))
        return made[-1]

    yield build
    for one in made:
        if one.harness.twice:
            one.harness.replay()


def test_both_sides_are_paid_once_the_purchase_is_kept(shop: Tell) -> None:
    story = shop()
    story.tell(followed("anna", "ben"), bought("ben"), then="13")
    assert (story.points("anna", "ben"), story.outcome) == ([0, 0], ["waiting"])
    story.tell(bought("ben", name="another"), then="20")
    assert (story.points("anna", "ben"), story.outcome) == ([100, 40], ["paid"])
    assert [(e.rule, e.kind, e.points) for e in story.entries] == [
        ("friends", "earned", 100),
        ("friends", "earned", 40),
    ]
    assert len({e.source_event_id for e in story.entries}) == 1


@pytest.mark.parametrize("twice", [False, True], ids=["once", "twice"])
def test_its_points_expire_as_all_others_do_and_once(twice: bool) -> None:
    points = Loyalty(id="points", zone="Europe/Berlin", expire_after_days=100)
    story = Recommending(twice=twice, loyalty=(points,))
    story.tell(followed("anna", "ben"), bought("ben"), then="20")
    [[expires_at, anna]], [[bens_end, ben]] = story.lots("anna").items(), story.lots("ben").items()
    assert (anna, ben) == (100, 40) and expires_at == bens_end > 0
    story.pass_time(expires_at)
    assert (story.lots("anna"), story.lots("ben"), story.points("anna", "ben")) == ({}, {}, [0, 0])
    assert sorted((e.kind, e.points, e.expires_at) for e in story.entries) == [
        ("earned", 40, expires_at), ("earned", 100, expires_at),
        ("expired", -100, expires_at), ("expired", -40, expires_at),
    ]  # fmt: skip


@pytest.mark.parametrize("twice", [False, True], ids=["once", "twice"])
def test_what_is_taken_back_leaves_the_lot_that_it_was_in(twice: bool) -> None:
    points = Loyalty(id="points", zone="Europe/Berlin", expire_after_days=100)
    story = Recommending(twice=twice, loyalty=(points,))
    story.tell(followed("anna", "ben"), bought("ben", name="sale-1"), then="15")
    story.tell(after("20 days"), returned("30", of="sale-1", who="ben"))
    assert (story.lots("anna"), story.lots("ben"), story.points("anna", "ben")) == ({}, {}, [0, 0])


@pytest.mark.parametrize(
    ("specs", "outcome"),
    [
        ((bought("ben"), followed("anna", "ben")), "withdrawn not_new"),
        ((followed("anna", "ben"), after("31 days"), bought("ben")), "withdrawn too_late"),
        ((followed("anna", "ben"), bought("ben", "9.99")), "withdrawn too_small"),
        ((followed("anna", "ben"), bought("ben", "30", currency="CHF")), "withdrawn too_small"),
        ((followed("anna", "anna"), bought("anna")), "withdrawn self"),
        ((followed("anna", "ben", trust=20), bought("ben")), None),
        ((followed("anna", "ben", source="till"), bought("ben")), None),
        ((followed("anna", "ben", tag="shelf"), bought("ben")), None),
        ((followed("anna", "ben"),), "linked"),
    ],
)  # fmt: skip
def test_what_is_no_referral_says_why(shop: Tell, specs: tuple[object, ...], outcome: str | None) -> None:
    story = shop(minimum=Decimal(10))
    story.tell(*specs, then="60")
    assert (story.outcome, story.entries) == ([outcome] if outcome else [], [])
    assert (DropReason.REFERRAL_BLOCKED in story.dropped) == (outcome is not None and "withdrawn" in outcome)


def test_of_two_links_the_first_counts(shop: Tell) -> None:
    story = shop()
    story.tell(followed("anna", "ben"), followed("cleo", "ben"), bought("ben"), then="15")
    assert (story.points("anna", "ben", "cleo"), story.outcome) == ([100, 40, 0], ["paid", "withdrawn another"])


def test_a_link_whose_time_is_over_leaves_the_next_one(shop: Tell) -> None:
    story = shop()
    story.tell(followed("anna", "ben"), after("40 days"), followed("cleo", "ben"), bought("ben"), then="15")
    assert (story.points("anna", "ben", "cleo"), story.outcome) == ([0, 40, 100], ["paid", "withdrawn too_late"])


def test_a_return_within_its_window_leaves_nothing_to_pay(shop: Tell) -> None:
    story = shop()
    story.tell(
        followed("anna", "ben"), bought("ben", name="s"), after("2 days"), returned("30", of="s", who="ben"), then="30"
    )
    assert (story.entries, story.outcome) == ([], ["withdrawn returned"])


def test_a_return_after_the_payment_takes_it_back_from_both(shop: Tell) -> None:
    story = shop()
    story.tell(followed("anna", "ben"), bought("ben", name="sale-1"), then="15")
    assert story.points("anna", "ben") == [100, 40]
    story.tell(after("20 days"), returned("30", of="sale-1", who="cleo"))
    assert (story.points("anna", "ben"), story.outcome) == ([0, 0], ["withdrawn returned"])


def test_somebody_with_two_phones_is_found_out_later_and_pays_both_back(shop: Tell) -> None:
    story = shop()
    story.tell(followed("anna", "ben"), bought("ben"), then="15")
    story.tell(after("50 days"), merged("ben", into="anna"))
    assert (story.points("anna", "ben"), story.outcome) == ([0, 0], ["withdrawn self"])


def test_who_was_joined_by_mistake_is_paid_again(shop: Tell) -> None:
    story = shop()
    specs = (followed("anna", "ben"), bought("ben"), after("50 days"), merged("ben", into="anna"))
    events = build_events(*specs, parted("ben", from_="anna"))
    for event in events[:-1]:
        story.take(event)
    story.pass_time(events[-2].occurred_at)
    assert story.points("anna", "ben") == [0, 0]
    story.take(events[-1])
    story.pass_time(events[-1].occurred_at)
    assert (story.points("anna", "ben"), story.outcome) == ([100, 40], ["paid"])


def test_who_pays_with_the_same_card_is_no_friend(shop: Tell) -> None:
    story = shop()
    story.tell(bought("anna", card="one"), followed("anna", "ben"), bought("ben", card="one"), then="15")
    assert (story.entries, story.outcome) == ([], ["blocked shared_identifier"])
    assert DropReason.REFERRAL_BLOCKED in story.dropped


def test_a_card_that_is_shared_only_later_takes_it_back(shop: Tell) -> None:
    story = shop()
    story.tell(followed("anna", "ben"), bought("ben", card="one"), then="15")
    assert story.points("anna", "ben") == [100, 40]
    story.tell(after("80 days"), bought("anna", card="one"))
    assert (story.points("anna", "ben"), story.outcome) == ([0, 0], ["reversed shared_identifier"])


def test_a_household_pays_as_often_as_the_brand_says(shop: Tell) -> None:
    specs = [
        one
        for number, who in enumerate(("ben", "cleo", "dora"))
        for one in (followed("anna", who), bought(who, card="household", name=f"sale-{number}"))
    ]
    story = shop()
    story.tell(*specs, then="15")
    assert (story.points("anna", "ben", "cleo", "dora"), story.outcome) == (
        [100, 40, 0, 0], ["blocked household", "blocked household", "paid"],
    )  # fmt: skip
    story = shop(per_household=2)
    story.tell(*specs, then="15")
    assert story.points("anna", "ben", "cleo", "dora") == [200, 40, 40, 0]


def test_a_year_pays_as_many_as_the_brand_says(shop: Tell) -> None:
    story = shop(per_year=2)
    friends = ["ben", "cleo", "dora"]
    story.tell(*(one for who in friends for one in (followed("anna", who), bought(who))), then="15")
    assert (story.points("anna", *friends), story.outcome) == ([200, 40, 40, 0], ["blocked per_year", "paid", "paid"])
    story.tell(after("310 days"), followed("anna", "emil"), bought("emil", name="next year"), then="15")
    assert story.points("anna", "emil") == [300, 40]


def test_what_is_taken_back_makes_room_in_the_year(shop: Tell) -> None:
    story = shop(per_year=1)
    story.tell(
        followed("anna", "ben"), bought("ben", name="sale-1"), followed("anna", "cleo"), bought("cleo"), then="15"
    )
    assert story.points("anna", "ben", "cleo") == [100, 40, 0]
    story.tell(after("20 days"), returned("30", of="sale-1", who="ben"))
    assert story.points("anna", "ben", "cleo") == [100, 0, 40]


def test_a_chain_of_ten_pays_each_link_of_it_once(shop: Tell) -> None:
    story, people = shop(), [f"p{number}" for number in range(10)]
    story.tell(*(one for a, b in pairwise(people) for one in (followed(a, b), bought(b))), then="15")
    assert story.points(*people) == [100, *[140] * 8, 40]


@pytest.mark.parametrize("size", [2, 3, 7])
def test_a_ring_pays_all_but_its_last_referral(shop: Tell, size: int) -> None:
    story, people = shop(), [f"p{number}" for number in range(size)]
    edges = [(one, people[(number + 1) % size]) for number, one in enumerate(people)]
    story.tell(*(followed(a, b) for a, b in edges), *(bought(b) for _, b in edges), then="15")
    assert story.outcome == [*["paid"] * (size - 1), "reversed ring"]
    assert sum(story.points(*people)) == 140 * (size - 1)


def test_a_ring_that_breaks_pays_what_it_blocked(shop: Tell) -> None:
    story = shop()
    edges = [("anna", "ben"), ("ben", "cleo"), ("cleo", "anna")]
    sales = (bought(b, name=f"sale-{n}") for n, (_, b) in enumerate(edges, 1))
    story.tell(*(followed(a, b) for a, b in edges), *sales, then="15")
    assert story.outcome == ["paid", "paid", "reversed ring"]
    story.tell(after("20 days"), returned("30", of="sale-2", who="cleo"))
    assert (story.points("anna", "ben", "cleo"), story.outcome) == (
        [140, 40, 100], ["paid", "paid", "withdrawn returned"],
    )  # fmt: skip


def test_nothing_is_paid_where_one_of_both_does_not_agree_to_be_recognised(shop: Tell) -> None:
    for who in ("anna", "ben"):
        story = shop()
        story.tell(objected("identity", who=who), followed("anna", "ben"), bought("ben"), then="15")
        assert story.entries == []
    asks = shop()
    asks.harness.reference = reference(
        rewards=(), referral=(PROGRAMME,), consent=(Consent(id="identity", default="opt_in"),)
    )
    asks.tell(agreed("identity", who="anna"), followed("anna", "ben"), bought("ben"), then="15")
    assert (asks.entries, asks.outcome) == ([], ["withdrawn no_consent"])


def test_whoever_is_erased_is_forgotten_by_the_other_side(shop: Tell) -> None:
    for gone, left in (("anna", "ben"), ("ben", "anna")):
        story = shop()
        story.tell(followed("anna", "ben"), bought("ben"), then="15")
        before = story.points(left)
        story.tell(after("20 days"), erased(gone))
        assert story.points(left) == before
        assert person(gone) not in str(story.harness.records[person(left)])


def test_another_brand_s_links_and_other_properties_are_nothing(shop: Tell) -> None:
    story = shop()
    story.tell(followed("anna", "ben", properties='{"query":{"fp_referrer":"x"}}'), bought("ben"), then="15")
    assert story.said == []


PEOPLE = ("anna", "ben", "cleo", "dora")
LINKS = st.lists(st.permutations(PEOPLE).map(lambda people: tuple(people[:2])), min_size=1, max_size=6)
JOINS = st.dictionaries(st.sampled_from(PEOPLE[:2]), st.tuples(st.sampled_from(PEOPLE[2:]), st.booleans()))


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(links=LINKS, joins=JOINS, backs=st.sets(st.sampled_from(PEOPLE)), cards=st.integers(0, 4), chance=st.randoms())
def test_whatever_comes_first_the_same_is_paid(
    links: list[tuple[str, str]],
    joins: dict[str, tuple[str, bool]],
    backs: set[str],
    cards: int,
    chance: random.Random,
) -> None:
    """Events in any order, what accounts say to each other in any order, timers early or late; some people are joined,
    and some of these part again."""
    specs = [followed(a, b) for a, b in links]
    specs += [bought(b, name=f"sale {b}", card="one" if n < cards else "") for n, b in enumerate(PEOPLE)]
    specs += [returned("30", of=f"sale {b}", who=b) for b in sorted(backs)]
    specs += [merged(a, into=b) for a, (b, _) in joins.items()]
    specs += [parted(a, from_=b) for a, (b, again) in joins.items() if again]
    events = build_events(*specs)
    end = events[-1].occurred_at + 20 * DAY_US
    plain, mixed = Recommending(), Recommending(chance=chance)
    for event in events:
        plain.take(event)
    plain.pass_time(end)
    for event in chance.sample(events, len(events)):
        mixed.take(event)
        while mixed.waiting and chance.random() < 0.4:
            mixed.step()
        if chance.random() < 0.2:
            mixed.pass_time(end)
    mixed.settle()
    mixed.pass_time(end)
    assert mixed.points(*PEOPLE) == plain.points(*PEOPLE)
    assert len({entry.event_id for entry in mixed.entries}) == len(mixed.entries)
