"""Context: which route wins, and why each other lost."""

import random
from collections.abc import Callable
from decimal import Decimal

import pytest

from processors.context.decide import decide
from processors.context.situation import Situation
from processors.reference import Reference
from processors.step import Emit
from schemas.brand.model import Route
from schemas.events import Candidate
from tests.support.builders import EventSpec, after, at, build_events, enter, leave, purchase, scan, tap, touch
from tests.support.harness import Harness
from tests.support.reference import reference, route

Context = Callable[[Reference], Harness]


def reasons(harness: Harness, *specs: EventSpec) -> list[str]:
    """The reason for which each route lost in the answer to the last event; empty for the winner."""
    emit = harness.apply(*build_events(*specs))[-1]
    assert isinstance(emit, Emit)
    return [candidate.lost_because for candidate in emit.event.candidates]


UNMET: list[tuple[Route, list[EventSpec], str]] = [
    (route("r", types=("nfc_tap",)), [scan()], "type is scan"),
    (route("r", types=("nfc_tap",)), [tap()], ""),
    (route("r", placements=("till", "poster")), [scan()], "placement is shelf"),
    (route("r", placements=("till", "shelf")), [scan()], ""),
    (route("r", stores=("hudson",)), [scan()], "store is mitte"),
    (route("r", stores=("hudson",)), [scan("bottle")], "store is unknown"),
    (route("r", stores=("hudson",)), [scan("overseas")], ""),
    (route("r", tags=("bar",)), [scan()], "tag is shelf"),
    (route("r", tags=("shelf",)), [scan()], ""),
    (route("r", categories=("tea",)), [scan()], "category is coffee"),
    (route("r", categories=("tea",)), [scan("poster")], "category is unknown"),
    (route("r", categories=("tea",)), [scan("bar")], ""),
    (
        route("r", open=True),
        [at("2026-03-02T21:30", "Europe/Berlin"), scan()],
        "store is closed",
    ),
    (route("r", open=False), [scan()], "store is open"),
    (route("r", open=True), [scan("bottle")], "opening hours are unknown"),
    (route("r", open=False), [scan("bottle")], "opening hours are unknown"),
    (route("r", in_store=True), [scan("bottle")], "not in the store"),
    (route("r", in_store=True), [scan("poster")], "not in the store"),
    (route("r", in_store=False), [scan("shelf")], "in the store"),
    (route("r", in_store=False), [enter(), after("29 minutes"), scan("bottle")], "in the store"),
    (route("r", in_store=True), [enter(), after("31 minutes"), scan("bottle")], "not in the store"),
    (route("r", in_store=True), [enter(), leave(), scan("bottle")], "not in the store"),
    (route("r", visits_at_least=2), [scan()], "visits are 1, needs 2"),
    (route("r", visits_at_least=2), [enter(), after("1 day"), scan()], ""),
    (route("r", bought=False), [purchase("3", "KB-1"), scan()], "bought before"),
    (route("r", bought=True), [purchase("3", "KB-2"), scan()], "not bought before"),
    (route("r", bought=True), [purchase("3", "KB-2", "KB-1"), scan()], ""),
    (route("r", purchases_at_least=2), [purchase("3"), scan()], "purchases are 1, needs 2"),
    (route("r", purchases_at_least=2), [purchase("3"), purchase("4"), scan()], ""),
    (route("r", spent_at_least=Decimal("9.90")), [purchase("9.89"), scan()], "spent less than 9.90"),
    (route("r", spent_at_least=Decimal("9.90")), [purchase("9.89"), purchase("0.01"), scan()], ""),
    (route("r", bought_within_days=2), [scan()], "nothing bought within 2 days"),
    (route("r", bought_within_days=2), [purchase("3"), after("2 days"), scan()], "nothing bought within 2 days"),
    (route("r", bought_within_days=2), [purchase("3"), after("47 hours"), scan()], ""),
    (route("r", bought_categories=("tea", "x")), [purchase("3", "KB-1"), scan()], "nothing bought of tea, x"),
    (route("r", bought_categories=("tea", "x")), [purchase("3", "KB-2"), scan()], ""),
]


@pytest.mark.parametrize(("rule", "story", "unmet"), UNMET, ids=lambda v: v if isinstance(v, str) else None)
def test_every_unmet_condition_is_the_reason_of_its_route(
    context: Context, rule: Route, story: list[EventSpec], unmet: str
) -> None:
    assert reasons(context(reference(rule)), *story) == [unmet]


STOCK: list[tuple[Route, int | None, str]] = [
    (route("r", promotes=True), 0, "out of stock"),
    (route("r", promotes=True), 1, ""),
    (route("r", promotes=True), None, ""),
    (route("r"), 0, ""),
    (route("r", promotes=True, stock_at_most=3), 0, "out of stock"),
    (route("r", stock_at_least=4), 3, "stock is 3, needs 4"),
    (route("r", stock_at_least=4), 4, ""),
    (route("r", stock_at_most=3), 4, "stock is 4, at most 3 wanted"),
    (route("r", stock_at_most=3), 3, ""),
    (route("r", stock_at_least=1), None, "stock is unknown"),
    (route("r", stock_at_most=0), None, "stock is unknown"),
]


@pytest.mark.parametrize(("rule", "stock", "unmet"), STOCK)
def test_stock_conditions(context: Context, rule: Route, stock: int | None, unmet: str) -> None:
    units = {} if stock is None else {("mitte", "KB-1"): stock, ("hudson", "KB-1"): 99, ("mitte", "KB-2"): 99}
    assert reasons(context(reference(rule, stock=units)), scan()) == [unmet]


def test_what_is_out_of_stock_is_promoted_by_no_priority(context: Context) -> None:
    rules = [route("sell", 1000, promotes=True), route("elsewhere", 1, "go")]
    harness = context(reference(*rules, stock={("mitte", "KB-1"): 0}))
    assert harness.run(*build_events(scan())) == ["scan-1: go, elsewhere"]
    harness.reference = reference(*rules, stock={("mitte", "KB-1"): 1})
    assert harness.run(*build_events(after("1 hour"), scan(who="ben", name="scan-2"))) == ["scan-2: buy, sell"]


def test_the_first_unmet_condition_is_the_reason(context: Context) -> None:
    rule = route("r", types=("nfc_tap",), stores=("hudson",), visits_at_least=9, promotes=True)
    assert reasons(context(reference(rule, stock={("mitte", "KB-1"): 0})), scan()) == ["type is scan"]


def test_the_order_of_routes_is_total_however_they_are_listed() -> None:
    now = Situation(
        type="scan",
        placement="shelf",
        tag="t",
        store="s",
        product="p",
        category="",
        local_time=None,
        open=None,
        in_store=True,
        stock=None,
        visits=1,
        bought=False,
    )
    rules = [route(name, priority) for name in "abc" for priority in (1, 7)]
    rules = [Route(id=f"{r.id}{r.priority}", priority=r.priority, moment="buy", action=r.action) for r in rules]
    expected = ["a7", "b7", "c7", "a1", "b1", "c1"]
    for seed in range(50):
        shuffled = random.Random(seed).sample(rules, len(rules))
        decision = decide(reference(*shuffled).brand.routes, now)
        assert [candidate.route for candidate in decision.candidates] == expected
        assert decision.winner is not None and decision.winner.id == "a7"
        assert [c.lost_because for c in decision.candidates] == ["", *["outranked by a7"] * 5]
        assert reference(*shuffled).brand.version == reference(*rules).brand.version


def test_nothing_to_choose_from_is_no_winner() -> None:
    now = Situation("scan", "shelf", "t", "s", "p", "", None, None, False, None, 0, False)
    assert decide((), now).winner is None
    assert decide((route("r", in_store=True),), now).candidates == (Candidate("r", 10, "not in the store"),)


def test_page_views_at_home_do_not_keep_a_visit_alive(context: Context) -> None:
    """Only touches in a store keep a visit alive: two visits on one day are two, whatever was clicked between them."""
    rule = route("r", in_store=True, visits_at_least=2)
    browsing = [spec for _ in range(6) for spec in (after("20 minutes"), touch("page_view"))]
    harness = context(reference(rule))
    assert reasons(harness, enter(), *browsing, scan("bottle")) == ["not in the store"]
    assert reasons(context(reference(rule)), enter(who="ben"), *browsing, scan("shelf", who="ben", name="again")) == [
        ""
    ]


def test_a_late_event_adds_what_was_bought_and_changes_no_whereabouts(context: Context) -> None:
    rule = route("r", in_store=True, bought=True)
    sale, leaving, scanned = build_events(purchase("3", "KB-1"), after("1 hour"), leave(), scan("bottle"))
    harness = context(reference(rule))
    emit = harness.apply(leaving, sale, scanned)[-1]
    assert isinstance(emit, Emit)
    assert [c.lost_because for c in emit.event.candidates] == ["not in the store"]
    assert harness.state("anna").whole.bought == ("KB-1",)
