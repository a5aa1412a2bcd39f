"""Context: recency, frequency, value and categories of a visitor's purchases, as decisions see them."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from processors.context.answer import AnswerKey
from processors.context.core import PROCESSOR as CONTEXT
from processors.context.core import step
from processors.context.purchases import RETURNS_KEPT, SALES_KEPT, BoundedHistory
from processors.context.state import Visitor, VisitorPart
from processors.reference import Reference
from processors.step import Emit
from tests.support.builders import EventSpec, after, build_events, merged, parted, person, purchase, returned, scan
from tests.support.harness import Harness
from tests.support.histories import arrivals, lawful, purchases
from tests.support.reference import reference, route

Context = Callable[[Reference], Harness]
WITH_CONDITIONS = reference(
    route("often", purchases_at_least=2),
    route("rich", spent_at_least=Decimal("99.90")),
    route("lately", bought_within_days=30),
    route("coffee", bought_categories=("coffee",)),
    route("tea", bought_categories=("tea",)),
)


def history_seen(harness: Harness, *events: Any) -> tuple[int, str, int | None, list[str]]:
    """The history in the inputs of the answer to the last event; transfers are delivered at once."""
    for event in events:
        effects = harness.apply(event)
        effects += harness.deliver(effects)
    [routed] = [e.event for e in effects if isinstance(e, Emit) and hasattr(e.event, "inputs")]
    history = json.loads(routed.inputs)["history"]
    return history["purchases"], history["spent"], history["bought_days_ago"], history["categories"]


def histories(harness: Harness, *who: str) -> dict[str, BoundedHistory]:
    return {
        profile: history for one in who if (found := harness.state(one)) for profile, history in found.histories.items()
    }


def test_a_decision_sees_how_lately_how_often_how_much_and_what(context: Context) -> None:
    assert history_seen(
        context(WITH_CONDITIONS),
        *build_events(
            purchase("12.50", "KB-1"),
            after("2 days"),
            purchase("0.25", "KB-2", "KB-1", "unheard of"),
            after("3 days"),
            scan(),
        ),
    ) == (2, "12.75", 3, ["coffee", "tea"])
    assert history_seen(context(WITH_CONDITIONS), *build_events(scan())) == (0, "0", None, [])


def test_without_a_condition_on_purchases_the_inputs_have_no_history(context: Context) -> None:
    [routed] = context(reference(route("r", visits_at_least=1))).apply(*build_events(purchase("3", "KB-1"), scan()))
    assert isinstance(routed, Emit) and "history" not in json.loads(routed.event.inputs)


def test_returned_money_is_no_value_and_a_sale_returned_as_a_whole_no_purchase(context: Context) -> None:
    assert history_seen(
        context(WITH_CONDITIONS),
        *build_events(
            purchase("10", "KB-1", name="sale-1"),
            after("1 day"),
            purchase("4", "KB-2", name="sale-2"),
            returned("2.50", of="sale-1"),
            returned("3", of="sale-2"),
            returned("3", of="sale-2"),
            returned("5"),
            scan(),
        ),
    ) == (1, "0.5", 1, ["coffee"])


def test_money_of_another_currency_is_no_value_and_takes_nothing_back(context: Context) -> None:
    assert history_seen(
        context(WITH_CONDITIONS),
        *build_events(
            purchase("10", "KB-1", name="sale-1"),
            purchase("90", "KB-2", currency="USD"),
            returned("10", of="sale-1", currency="USD"),
            scan(),
        ),
    ) == (2, "10", 0, ["coffee", "tea"])


def test_a_return_that_comes_before_its_sale_finds_it(context: Context) -> None:
    harness = context(WITH_CONDITIONS)
    sale, back, scanned = build_events(purchase("10", "KB-1", name="sale-1"), returned("4", of="sale-1"), scan())
    assert history_seen(harness, back, sale, scanned) == (1, "6", 0, ["coffee"])
    assert histories(harness, "anna")[person("anna")].recent.waiting == {}


def test_merged_people_have_one_history_and_each_their_own_after_a_split(context: Context) -> None:
    harness = context(WITH_CONDITIONS)
    *together, part, annas, bens = build_events(
        purchase("10", "KB-1"),
        purchase("5", "KB-2", who="ben"),
        merged("anna", into="ben"),
        purchase("1", "KB-1", known_as="ben"),
        scan(who="ben"),
        parted("anna", from_="ben"),
        scan(),
        scan(who="ben"),
    )
    assert history_seen(harness, *together) == (3, "16", 0, ["coffee", "tea"])
    assert history_seen(harness, part, annas) == (2, "11", 0, ["coffee"])
    assert history_seen(harness, bens) == (1, "5", 0, ["tea"])


def test_a_return_is_booked_on_its_sale_whoever_brings_it_and_stays_there(context: Context) -> None:
    harness = context(WITH_CONDITIONS)
    harness.run(
        *build_events(
            purchase("10", "KB-1", name="sale-1"),
            returned("4", of="sale-1", who="ben"),
            merged("anna", into="ben"),
            parted("anna", from_="ben"),
        )
    )
    anna = histories(harness, "anna")[person("anna")]
    assert [sale.left_micros for sale in anna.recent.sales.values()] == [6_000_000]
    assert histories(harness, "ben") == {}


def test_a_return_without_a_name_is_booked_anew_after_a_split(context: Context) -> None:
    harness = context(WITH_CONDITIONS)
    harness.run(
        *build_events(
            purchase("10", "KB-1", name="sale-1"),
            merged("anna", into="ben"),
            returned("4", who="ben"),
            parted("anna", from_="ben"),
        )
    )
    anna, ben = histories(harness, "anna")[person("anna")], histories(harness, "ben")[person("ben")]
    assert [sale.left_micros for sale in anna.recent.sales.values()] == [10_000_000]
    assert [back.waiting_micros for back in ben.recent.waiting.values()] == [4_000_000]


def test_an_exchange_that_paid_out_is_less_value_and_no_purchase(context: Context) -> None:
    sale, exchanged, scanned = build_events(purchase("10", "KB-1"), purchase("4", "KB-2"), scan())
    paid_out = msgspec.structs.replace(exchanged, amount_micros=-exchanged.amount_micros)
    assert history_seen(context(WITH_CONDITIONS), sale, paid_out, scanned) == (1, "6", 0, ["coffee"])


@lawful
@given(st.data())
def test_whatever_the_order_and_however_often_the_history_is_the_same(data: st.DataObject) -> None:
    """Sales and returns of two people who turn out to be one at any moment."""
    events = data.draw(purchases(who=("anna", "ben")))
    [merge] = build_events(merged("ben", into="anna"))
    [last] = build_events(after("90 days"), scan(name="last"))
    results = []
    for order in ([*events, merge], data.draw(arrivals([*events, merge]))):
        harness = Harness(CONTEXT, WITH_CONDITIONS)
        results.append((history_seen(harness, *order, last), histories(harness, "anna")))
    assert results[0] == results[1]


@lawful
@given(purchases(who=("anna", "ben")), st.sampled_from(["anna", "ben"]))
def test_histories_that_are_split_and_merged_again_are_the_same(events: list[Any], profile: str) -> None:
    both: Visitor | None = None
    for event in events:
        both = step(both, msgspec.structs.replace(event, person_id=person("anna")), WITH_CONDITIONS).state or both
    assert both is not None
    stays, goes = CONTEXT.split(both, person(profile))
    if goes is None:
        assert stays == both
    else:
        assert CONTEXT.merge(stays, goes).state == both
        assert CONTEXT.merge(both, goes).state == both


def many(first: int, last: int) -> list[EventSpec]:
    """Sales of one euro each, a day apart."""
    days: list[list[EventSpec]] = [
        [after("1 day"), purchase("1", f"KB-{n % 2 + 1}", name=f"n{n}")] for n in range(first, last)
    ]
    return [spec for day in days for spec in day]


def test_old_sales_are_kept_as_a_sum_and_count_once_for_ever(context: Context) -> None:
    harness = context(WITH_CONDITIONS)
    count = 3 * SALES_KEPT
    story = build_events(*many(0, count), scan())
    assert history_seen(harness, *story) == (count, str(count), 0, ["coffee", "tea"])
    mine = histories(harness, "anna")[person("anna")]
    assert (len(mine.recent.sales), mine.older.count) == (SALES_KEPT, 2 * SALES_KEPT)
    harness.run(*story)
    assert histories(harness, "anna")[person("anna")] == mine


def visitor_after(*events: Any) -> Visitor:
    """The state after these events alone."""
    harness = Harness(CONTEXT, WITH_CONDITIONS)
    harness.apply(*events)
    visitor: Visitor | None = harness.state("anna")
    assert visitor is not None
    return visitor


def test_a_sale_that_went_back_as_a_whole_stays_gone_when_it_is_old() -> None:
    sale, back, *others = build_events(purchase("9", name="gone"), returned("9", of="gone"), *many(0, SALES_KEPT))
    before = visitor_after(sale, back, *others)
    assert before.histories[person("anna")].older.count == 0
    assert step(before, sale, WITH_CONDITIONS).state == before


def test_two_states_of_many_sales_count_none_twice() -> None:
    events = build_events(*many(0, 3 * SALES_KEPT))
    whole = visitor_after(*events)
    for some in (3, SALES_KEPT, 2 * SALES_KEPT):
        part = visitor_after(*events[:some])
        assert CONTEXT.merge(whole, part).state == whole == CONTEXT.merge(part, whole).state


def test_two_states_of_one_sale_have_all_its_refunds() -> None:
    sale, first, second = build_events(
        purchase("9", name="sale-1"), returned("2", of="sale-1"), returned("3", of="sale-1")
    )
    one, other, all = visitor_after(sale, first), visitor_after(sale, second), visitor_after(sale, first, second)
    assert CONTEXT.merge(one, other).state == all == CONTEXT.merge(other, one).state


def test_the_number_of_waiting_returns_is_bounded(context: Context) -> None:
    harness = context(WITH_CONDITIONS)
    harness.run(*build_events(*[returned("1", name=f"r{n}") for n in range(2 * RETURNS_KEPT)]))
    mine = histories(harness, "anna")[person("anna")]
    assert len(mine.recent.waiting) == RETURNS_KEPT


def test_a_state_without_a_history_is_decoded() -> None:
    old = msgspec.msgpack.encode([{"o": [2, 7, "mitte", ["KB-1"]]}])
    assert msgspec.msgpack.decode(old, type=Visitor) == Visitor({"o": VisitorPart(2, 7, "mitte", ("KB-1",))})


@lawful
@given(st.lists(st.tuples(st.sampled_from(["0.01", "50", "99.90"]), st.integers(0, 40)), max_size=6))
def test_a_cached_answer_is_the_answer_computed_anew_for_every_history(bought: list[tuple[str, int]]) -> None:
    visitor: Visitor | None = None
    specs: list[EventSpec] = []
    for amount, days in bought:
        specs += [purchase(amount, "KB-2" if days % 2 else "KB-1"), after(f"{days} days"), scan()]
    for event in build_events(*specs):
        fresh = Reference(WITH_CONDITIONS.brand)
        computed = step(visitor, event, fresh)
        assert step(visitor, event, WITH_CONDITIONS) == computed
        visitor = computed.state


def test_histories_that_no_route_distinguishes_share_an_answer(context: Context) -> None:
    where = Reference(WITH_CONDITIONS.brand)
    harness = context(where)
    harness.apply(*build_events(*[spec for n in range(8) for spec in (purchase(f"200.{n}", "KB-1"), scan())]))
    answers = [key for key in where.memo if isinstance(key, AnswerKey)]
    assert len(answers) == 2  # of the first purchase, and of two or more
