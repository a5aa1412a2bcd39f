"""What somebody bought, as decisions see it: how lately, how often, for how much and what."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from processors.context.core import PROCESSOR as CONTEXT
from processors.context.core import step
from processors.context.purchases import REFUNDS_KEPT, SALES_KEPT, Purchases
from processors.context.state import Part, Visitor
from processors.step import Emit
from processors.world import World
from tests.stories.stage import Stage
from tests.stories.telling import Chapter, after, merged, parted, person, purchase, returned, scan, told
from tests.stories.test_laws import arrivals, lawful, stories
from tests.stories.world import route, world

Context = Callable[[World], Stage]
ASKING = world(
    route("often", purchases_at_least=2),
    route("rich", spent_at_least=Decimal("99.90")),
    route("lately", bought_within_days=30),
    route("coffee", bought_categories=("coffee",)),
    route("tea", bought_categories=("tea",)),
)


def seen(stage: Stage, *events: Any) -> tuple[int, str, int | None, list[str]]:
    """The history in the inputs of the answer to the last event; what moves between people arrives at once."""
    for event in events:
        effects = stage.hears(event)
        effects += stage.delivers(effects)
    [routed] = [e.event for e in effects if isinstance(e, Emit) and hasattr(e.event, "inputs")]
    history = json.loads(routed.inputs)["history"]
    return history["purchases"], history["spent"], history["bought_days_ago"], history["categories"]


def books(stage: Stage, *who: str) -> dict[str, Purchases]:
    return {own: book for one in who if (found := stage.state(one)) for own, book in found.books.items()}


def test_a_decision_sees_how_lately_how_often_how_much_and_what(context: Context) -> None:
    assert seen(
        context(ASKING),
        *told(
            purchase("12.50", "KB-1"),
            after("2 days"),
            purchase("0.25", "KB-2", "KB-1", "unheard of"),
            after("3 days"),
            scan(),
        ),
    ) == (2, "12.75", 3, ["coffee", "tea"])
    assert seen(context(ASKING), *told(scan())) == (0, "0", None, [])


def test_nobody_is_shown_a_history_that_no_route_asks_for(context: Context) -> None:
    [routed] = context(world(route("r", visits_at_least=1))).hears(*told(purchase("3", "KB-1"), scan()))
    assert isinstance(routed, Emit) and "history" not in json.loads(routed.event.inputs)


def test_what_is_brought_back_is_no_value_and_a_sale_returned_as_a_whole_no_purchase(context: Context) -> None:
    assert seen(
        context(ASKING),
        *told(
            purchase("10", "KB-1", name="sale-1"),
            after("1 day"),
            purchase("4", "KB-2", name="sale-2"),
            returned("2.50", of="sale-1"),
            returned("3", of="sale-2"),
            returned("3", of="sale-2"),
            returned("5"),
            scan(),
        ),
    ) == (1, "7.5", 1, ["coffee"])


def test_other_money_is_no_value_and_takes_nothing_back(context: Context) -> None:
    assert seen(
        context(ASKING),
        *told(
            purchase("10", "KB-1", name="sale-1"),
            purchase("90", "KB-2", currency="USD"),
            returned("10", of="sale-1", currency="USD"),
            scan(),
        ),
    ) == (2, "10", 0, ["coffee", "tea"])


def test_a_return_that_comes_before_its_sale_finds_it(context: Context) -> None:
    stage = context(ASKING)
    sale, back, scanned = told(purchase("10", "KB-1", name="sale-1"), returned("4", of="sale-1"), scan())
    assert seen(stage, back, sale, scanned) == (1, "6", 0, ["coffee"])
    assert books(stage, "anna")[person("anna")].waiting == {}


def test_people_who_are_one_have_one_history_and_each_their_own_when_they_part(context: Context) -> None:
    stage = context(ASKING)
    *together, part, annas, bens = told(
        purchase("10", "KB-1"),
        purchase("5", "KB-2", who="ben"),
        merged("anna", into="ben"),
        purchase("1", "KB-1", known_as="ben"),
        scan(who="ben"),
        parted("anna", from_="ben"),
        scan(),
        scan(who="ben"),
    )
    assert seen(stage, *together) == (3, "16", 0, ["coffee", "tea"])
    assert seen(stage, part, annas) == (2, "11", 0, ["coffee"])
    assert seen(stage, bens) == (1, "5", 0, ["tea"])


def test_a_return_that_waited_with_one_finds_the_sale_of_the_other_and_stays_with_it(context: Context) -> None:
    stage = context(ASKING)
    stage.plays(
        *told(
            purchase("10", "KB-1", name="sale-1"),
            returned("4", of="sale-1", who="ben"),
            merged("anna", into="ben"),
            parted("anna", from_="ben"),
        )
    )
    anna, ben = books(stage, "anna")[person("anna")], books(stage, "ben")[person("ben")]
    assert [sale.left_micros for sale in anna.sales.values()] == [6_000_000]
    assert (ben.sales, ben.waiting) == ({}, {})


@lawful
@given(st.data())
def test_whatever_the_order_and_however_often_the_history_is_the_same(data: st.DataObject) -> None:
    """Sales and returns of two people who turn out to be one at any moment."""
    events = data.draw(stories(who=("anna", "ben")))
    [merge] = told(merged("ben", into="anna"))
    [last] = told(after("90 days"), scan(name="last"))
    results = []
    for order in ([*events, merge], data.draw(arrivals([*events, merge]))):
        stage = Stage(CONTEXT, ASKING)
        results.append((seen(stage, *order, last), books(stage, "anna")))
    assert results[0] == results[1]


@lawful
@given(stories(who=("anna", "ben")), st.sampled_from(["anna", "ben"]))
def test_books_that_part_and_meet_again_are_the_same(events: list[Any], own: str) -> None:
    both: Visitor | None = None
    for event in events:
        both = step(both, msgspec.structs.replace(event, person_id=person("anna")), ASKING).state or both
    assert both is not None
    stays, goes = CONTEXT.split(both, person(own))
    if goes is None:
        assert stays == both
    else:
        assert CONTEXT.merge(stays, goes).state == both
        assert CONTEXT.merge(both, goes).state == both


def many(first: int, last: int) -> list[Chapter]:
    """So many sales of one euro, a day apart."""
    days: list[list[Chapter]] = [
        [after("1 day"), purchase("1", f"KB-{n % 2 + 1}", name=f"n{n}")] for n in range(first, last)
    ]
    return [chapter for day in days for chapter in day]


def test_old_sales_are_kept_as_a_sum_and_count_once_for_ever(context: Context) -> None:
    stage = context(ASKING)
    count = 3 * SALES_KEPT
    story = told(*many(0, count), scan())
    assert seen(stage, *story) == (count, str(count), 0, ["coffee", "tea"])
    mine = books(stage, "anna")[person("anna")]
    assert (len(mine.sales), mine.older.count) == (SALES_KEPT, 2 * SALES_KEPT)
    stage.plays(*story)
    assert books(stage, "anna")[person("anna")] == mine


def view(*events: Any) -> Visitor:
    """What somebody who took just these knows."""
    visitor: Visitor | None = None
    for event in events:
        visitor = step(visitor, event, ASKING).state
    assert visitor is not None
    return visitor


def test_a_sale_that_went_back_as_a_whole_stays_gone_when_it_is_old() -> None:
    sale, back, *others = told(purchase("9", name="gone"), returned("9", of="gone"), *many(0, SALES_KEPT))
    before = view(sale, back, *others)
    assert before.books[person("anna")].older.count == 0
    assert step(before, sale, ASKING).state == before


def test_two_views_of_many_sales_count_none_twice() -> None:
    events = told(*many(0, 3 * SALES_KEPT))
    whole = view(*events)
    for some in (3, SALES_KEPT, 2 * SALES_KEPT):
        part = view(*events[:some])
        assert CONTEXT.merge(whole, part).state == whole == CONTEXT.merge(part, whole).state


def test_two_views_of_one_sale_know_all_that_went_back() -> None:
    sale, first, second = told(purchase("9", name="sale-1"), returned("2", of="sale-1"), returned("3", of="sale-1"))
    one, other, all = view(sale, first), view(sale, second), view(sale, first, second)
    assert CONTEXT.merge(one, other).state == all == CONTEXT.merge(other, one).state


def test_returns_without_a_sale_wait_in_a_bounded_room(context: Context) -> None:
    stage = context(ASKING)
    stage.plays(*told(*[returned("1", of=f"unheard-{n}", name=f"r{n}") for n in range(2 * REFUNDS_KEPT)]))
    mine = books(stage, "anna")[person("anna")]
    assert len(mine.waiting) == REFUNDS_KEPT


def test_what_was_kept_before_there_were_histories_is_read() -> None:
    old = msgspec.msgpack.encode([{"o": [2, 7, "mitte", ["KB-1"]]}])
    assert msgspec.msgpack.decode(old, type=Visitor) == Visitor({"o": Part(2, 7, "mitte", ("KB-1",))})


@lawful
@given(st.lists(st.tuples(st.sampled_from(["0.01", "50", "99.90"]), st.integers(0, 40)), max_size=6))
def test_an_answer_at_hand_is_the_answer_worked_out_for_every_history(bought: list[tuple[str, int]]) -> None:
    visitor: Visitor | None = None
    chapters: list[Chapter] = []
    for amount, days in bought:
        chapters += [purchase(amount, "KB-2" if days % 2 else "KB-1"), after(f"{days} days"), scan()]
    for event in told(*chapters):
        fresh = World(ASKING.brand)
        worked_out = step(visitor, event, fresh)
        assert step(visitor, event, ASKING) == worked_out
        visitor = worked_out.state


def test_histories_that_no_route_tells_apart_share_an_answer(context: Context) -> None:
    where = World(ASKING.brand)
    stage = context(where)
    stage.hears(*told(*[chapter for n in range(8) for chapter in (purchase(f"200.{n}", "KB-1"), scan())]))
    answers = [key for key in where.memo if isinstance(key, tuple)]
    assert len(answers) == 2  # of the first purchase, and of two or more
