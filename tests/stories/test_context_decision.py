"""Context: which route wins, and why each other lost."""

import random
from collections.abc import Callable
from decimal import Decimal

import pytest

from processors.context.decide import decide
from processors.context.situation import Situation
from processors.step import Emit
from processors.world import World
from schemas.brand.model import Route
from schemas.events import Candidate
from tests.stories.stage import Stage
from tests.stories.telling import Chapter, after, at, enter, leave, purchase, scan, tap, told, touch
from tests.stories.world import route, world

Context = Callable[[World], Stage]


def verdict(stage: Stage, *chapters: Chapter) -> list[str]:
    """Why each route lost in the last answer; empty for the winner."""
    emit = stage.hears(*told(*chapters))[-1]
    assert isinstance(emit, Emit)
    return [candidate.lost_because for candidate in emit.event.candidates]


OBJECTIONS: list[tuple[Route, list[Chapter], str]] = [
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


@pytest.mark.parametrize(("rule", "story", "objection"), OBJECTIONS, ids=lambda v: v if isinstance(v, str) else None)
def test_every_condition_has_its_objection(context: Context, rule: Route, story: list[Chapter], objection: str) -> None:
    assert verdict(context(world(rule)), *story) == [objection]


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


@pytest.mark.parametrize(("rule", "stock", "objection"), STOCK)
def test_stock_speaks_for_or_against(context: Context, rule: Route, stock: int | None, objection: str) -> None:
    units = {} if stock is None else {("mitte", "KB-1"): stock, ("hudson", "KB-1"): 99, ("mitte", "KB-2"): 99}
    assert verdict(context(world(rule, stock=units)), scan()) == [objection]


def test_what_is_out_of_stock_is_promoted_by_no_priority(context: Context) -> None:
    rules = [route("sell", 1000, promotes=True), route("elsewhere", 1, "go")]
    stage = context(world(*rules, stock={("mitte", "KB-1"): 0}))
    assert stage.plays(*told(scan())) == ["scan-1: go, elsewhere"]
    stage.world = world(*rules, stock={("mitte", "KB-1"): 1})
    assert stage.plays(*told(after("1 hour"), scan(who="ben", name="scan-2"))) == ["scan-2: buy, sell"]


def test_the_first_objection_is_told(context: Context) -> None:
    rule = route("r", types=("nfc_tap",), stores=("hudson",), visits_at_least=9, promotes=True)
    assert verdict(context(world(rule, stock={("mitte", "KB-1"): 0})), scan()) == ["type is scan"]


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
        decision = decide(world(*shuffled).brand.routes, now)
        assert [candidate.route for candidate in decision.candidates] == expected
        assert decision.winner is not None and decision.winner.id == "a7"
        assert [c.lost_because for c in decision.candidates] == ["", *["outranked by a7"] * 5]
        assert world(*shuffled).brand.version == world(*rules).brand.version


def test_nothing_to_choose_from_is_no_winner() -> None:
    now = Situation("scan", "shelf", "t", "s", "p", "", None, None, False, None, 0, False)
    assert decide((), now).winner is None
    assert decide((route("r", in_store=True),), now).candidates == (Candidate("r", 10, "not in the store"),)


def test_page_views_at_home_do_not_keep_a_visit_alive(context: Context) -> None:
    """Only touches in a store are whereabouts: two visits on one day are two, whatever was clicked between them."""
    rule = route("r", in_store=True, visits_at_least=2)
    browsing = [chapter for _ in range(6) for chapter in (after("20 minutes"), touch("page_view"))]
    stage = context(world(rule))
    assert verdict(stage, enter(), *browsing, scan("bottle")) == ["not in the store"]
    assert verdict(context(world(rule)), enter(who="ben"), *browsing, scan("shelf", who="ben", name="again")) == [""]


def test_a_late_event_tells_what_was_bought_and_not_where_somebody_is(context: Context) -> None:
    rule = route("r", in_store=True, bought=True)
    sale, leaving, scanned = told(purchase("3", "KB-1"), after("1 hour"), leave(), scan("bottle"))
    stage = context(world(rule))
    emit = stage.hears(leaving, sale, scanned)[-1]
    assert isinstance(emit, Emit)
    assert [c.lost_because for c in emit.event.candidates] == ["not in the store"]
    assert stage.state("anna").whole.bought == ("KB-1",)
