"""Where consent is enforced: without it a decision sees no history, and points are offered, not kept."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from processors.reference import Reference
from processors.step import Emit
from schemas.brand.model import Consent
from schemas.events import ScanRouted
from tests.support.builders import (
    EventSpec,
    after,
    agreed,
    build_events,
    merged,
    objected,
    parted,
    purchase,
    returned,
    scan,
    stated_with,
    touch,
)
from tests.support.harness import Harness, balance, sentence
from tests.support.reference import BOUGHT, SCANNED, reference, route

Context = Callable[[Reference], Harness]
GPC = '{"gpc":true}'
ROUTES = (
    route("bought", 40, bought=True),
    route("regular", 30, visits_at_least=2),
    route("customer", 20, purchases_at_least=1),
    route("hello", 10, "know"),
)
SHELF = (route("here", 40, in_store=True), route("hello", 10, "know"))
ASKS = (Consent(id="personalisation", default="opt_in", gpc=("DE",)), Consent(id="identity", default="opt_in"))
TELLS = (Consent(id="personalisation", gpc=("DE",)),)


def answers(harness: Harness, *specs: EventSpec) -> list[tuple[str, str]]:
    """Route and consent of every answer."""
    found = []
    for event in build_events(*specs):
        effects = harness.apply(event)
        harness.deliver(effects)
        for effect in effects:
            if isinstance(effect, Emit) and isinstance(effect.event, ScanRouted):
                found.append((effect.event.route, json.loads(effect.event.inputs).get("consent", "")))
    return found


def test_without_personalisation_a_decision_sees_no_history(context: Context) -> None:
    story = (
        purchase("9", "KB-1"),
        after("2 days"),
        scan(),
        agreed("personalisation"),
        scan(),
        objected("personalisation"),
        scan(),
    )
    assert answers(context(reference(*ROUTES, consent=ASKS)), *story) == [
        ("hello", "opt_in"), ("bought", "granted"), ("hello", "withdrawn"),
    ]  # fmt: skip
    assert answers(context(reference(*ROUTES, consent=TELLS)), *story) == [
        ("bought", "opt_out"), ("bought", "granted"), ("hello", "withdrawn"),
    ]  # fmt: skip


@pytest.mark.parametrize("condition", [{"bought": True}, {"visits_at_least": 2}, {"purchases_at_least": 1},
                                       {"bought_within_days": 30}, {"bought_categories": ("coffee",)},
                                       {"spent_at_least": "1"}])  # fmt: skip
def test_every_condition_on_history_is_unmet(context: Context, condition: dict[str, Any]) -> None:
    from decimal import Decimal

    condition = {name: Decimal(value) if name == "spent_at_least" else value for name, value in condition.items()}
    where = reference(route("history", 20, **condition), route("hello", 10), consent=TELLS)
    story = (purchase("9", "KB-1"), after("2 days"), scan(), objected("personalisation"), scan())
    assert [route for route, _ in answers(context(where), *story)] == ["history", "hello"]


def test_place_time_and_stock_stay(context: Context) -> None:
    poster = scan("poster")
    assert answers(context(reference(*SHELF, consent=ASKS)), scan("shelf"), poster) == [
        ("here", "opt_in"), ("hello", "opt_in"),
    ]  # fmt: skip
    # With consent the last touch says that the visitor is in the store.
    assert answers(context(reference(*SHELF)), scan("shelf"), poster) == [("here", ""), ("here", "")]


def test_a_brand_without_the_section_is_as_before_unless_somebody_withdrew(context: Context) -> None:
    story = (purchase("9", "KB-1"), scan(), scan(properties=GPC), objected("personalisation"), scan())
    assert answers(context(reference(*ROUTES)), *story) == [
        ("bought", ""), ("bought", "opt_out"), ("hello", "withdrawn"),
    ]  # fmt: skip


def test_a_browser_withdraws_until_its_person_says_otherwise(context: Context) -> None:
    story = (purchase("9", "KB-1"), scan(properties=GPC), agreed("personalisation"), scan(properties=GPC))
    assert answers(context(reference(*ROUTES, consent=TELLS)), *story) == [("hello", "gpc"), ("bought", "granted")]


def test_it_is_evaluated_as_of_the_event(context: Context) -> None:
    harness = context(reference(*ROUTES, consent=TELLS))
    bought, early, no, late = build_events(
        purchase("9", "KB-1"), scan(name="scan-1"), objected("personalisation"), scan(name="scan-2")
    )
    harness.apply(bought, no)
    assert [sentence(effect) for effect in harness.apply(late, early)] == ["scan-2: know, hello", "scan-1: buy, bought"]


def test_an_expired_grant_is_silence(context: Context) -> None:
    story = (
        purchase("9", "KB-1"),
        agreed("personalisation", expires_at="2026-03-03T00:00:00Z"),
        scan(),
        after("2 days"),
        scan(),
    )
    assert answers(context(reference(*ROUTES, consent=ASKS)), *story) == [("bought", "granted"), ("hello", "opt_in")]


def test_a_merge_takes_the_most_restrictive_and_a_split_gives_back(context: Context) -> None:
    story = (
        purchase("9", "KB-1"), objected("personalisation", who="ben"), scan(), merged("ben", into="anna"), scan(),
        parted("ben", from_="anna"), scan(), scan(who="ben"),
    )  # fmt: skip
    assert answers(context(reference(*ROUTES, consent=TELLS)), *story) == [
        ("bought", "opt_out"), ("hello", "withdrawn"), ("bought", "opt_out"), ("hello", "withdrawn"),
    ]  # fmt: skip


def test_two_silent_people_stay_at_the_default(context: Context) -> None:
    story = (purchase("9", "KB-1"), scan(who="ben"), merged("ben", into="anna"), scan())
    assert answers(context(reference(*ROUTES, consent=TELLS)), *story)[-1] == ("bought", "opt_out")
    assert answers(context(reference(*ROUTES, consent=ASKS)), *story)[-1] == ("hello", "opt_in")


def test_without_identity_points_are_offered_and_not_kept(rewards: Harness) -> None:
    rewards.reference = reference(rewards=(SCANNED, BOUGHT), consent=ASKS)
    assert rewards.run(*build_events(scan(), purchase("10"), agreed("identity"), scan(), purchase("10"))) == [
        "dropped: no_consent",
        "dropped: no_consent",
        "anna +5 scanned for scan-2",
        "anna +20 bought for sale-2",
    ]
    assert balance(rewards, "anna") == 25
    # What was not paid is not taken back.
    assert rewards.run(*build_events(after("1 day"), returned("10", of="sale-1", name="r"))) == []


def test_what_depends_on_consent_is_published_with_its_state(rewards: Harness) -> None:
    """Statements come on two topics, which have no order among each other: a replay may decide otherwise."""
    scanned, agrees, again = build_events(scan(), agreed("identity"), scan())
    assert [getattr(effect, "transactional", None) for effect in rewards.apply(scanned)] == [False]
    assert [getattr(effect, "transactional", None) for effect in rewards.apply(agrees, again)] == [True]
    rewards.reference = reference(rewards=(SCANNED,), consent=(Consent(id="identity"),))
    assert [getattr(one, "transactional", None) for one in rewards.apply(*build_events(scan(who="ben")))] == [True]


def test_what_earned_nothing_is_not_offered(rewards: Harness) -> None:
    rewards.reference = reference(rewards=(SCANNED,), consent=ASKS)
    assert rewards.run(*build_events(touch("page_view"), purchase("10"))) == []


def test_points_stay_when_consent_is_withdrawn_and_no_more_come(rewards: Harness) -> None:
    assert rewards.run(*build_events(purchase("10"), objected("identity"), scan(), returned("4", of="sale-1"))) == [
        "anna +20 bought for sale-1",
        "dropped: no_consent",
        "anna -8 bought for return-1",
    ]


def test_whom_a_merge_joins_to_somebody_who_withdrew_has_points_again_after_the_split(rewards: Harness) -> None:
    rewards.reference = reference(consent=(Consent(id="identity"),))
    events = build_events(
        objected("identity", who="ben"), scan(), merged("ben", into="anna"), scan(), parted("ben", from_="anna"), scan()
    )
    assert rewards.run(*events) == [
        "anna +5 scanned for scan-1", "ben moves to anna", "anna -5 scanned for scan-1",
        "dropped: no_consent", "ben moves to ben", "anna +5 scanned for scan-1", "anna +5 scanned for scan-2",
        "anna +5 scanned for scan-3",
    ]  # fmt: skip


def test_a_decision_says_when_its_person_allows_no_analytics(context: Context) -> None:
    harness = context(reference(*ROUTES))
    inputs = [
        json.loads(effect.event.inputs)
        for effect in harness.apply(*build_events(scan(), objected("analytics"), scan()))
        if isinstance(effect, Emit) and isinstance(effect.event, ScanRouted)
    ]
    assert [one.get("counted_only") for one in inputs] == [None, True]


def test_who_withdraws_with_two_identifiers_withdraws_for_both_also_when_they_come_apart(context: Context) -> None:
    story = (
        merged("ben", into="anna"),
        purchase("9", "KB-1", who="ben", known_as="ben"),
        objected("personalisation", name="together"),
        stated_with("personalisation", who="ben", known_as="ben"),
        scan(),
        parted("ben", from_="anna"),
        scan(who="ben"),
    )
    assert answers(context(reference(*ROUTES, consent=TELLS)), *story) == [
        ("hello", "withdrawn"), ("hello", "withdrawn"),
    ]  # fmt: skip


def test_a_statement_that_comes_with_another_identifier_earns_nothing_by_itself(rewards: Harness) -> None:
    thanks = msgspec.structs.replace(SCANNED, id="thanks", on=("consent_given",))
    rewards.reference = reference(rewards=(thanks, SCANNED), consent=ASKS)
    events = build_events(
        agreed("identity"), stated_with("identity", who="ben", withdrawn=False), scan(who="ben"),
        stated_with("identity", who="ben", name="later"), scan(who="ben"),
    )  # fmt: skip
    assert rewards.run(*events) == [
        "anna +5 thanks for consent_given-1", "ben +5 scanned for scan-1", "dropped: no_consent",
    ]  # fmt: skip
