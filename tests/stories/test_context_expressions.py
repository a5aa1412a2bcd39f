"""Context: expressions of routes beside ``when``."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.context.answer import AnswerKey
from processors.context.core import PROCESSOR
from processors.context.recompute import recompute
from processors.reference import Reference
from schemas.brand.model import When
from schemas.events import ScanRouted
from tests.support.builders import EventSpec, after, build_events, enter, purchase, returned, scan, tap
from tests.support.harness import Harness
from tests.support.histories import lawful
from tests.support.reference import reference, route
from tests.support.when_expressions import expression_of_when

Context = Callable[[Reference], Harness]


def decisions(harness: Harness, *specs: EventSpec) -> list[ScanRouted]:
    return [effect.event for event in build_events(*specs) for effect in harness.apply(event)]  # type: ignore[union-attr, misc]


def reasons(routed: ScanRouted) -> dict[str, str]:
    return {candidate.route: candidate.lost_because for candidate in routed.candidates}


def test_an_expression_must_hold_beside_when(context: Context) -> None:
    where = reference(
        route("both", 30, expression="behaviour.visits >= 2", placements=("shelf",)),
        route("else", 5),
    )
    shown = decisions(context(where), scan("shelf"), after("2 hours"), scan("poster"), scan("shelf"))
    assert [routed.route for routed in shown] == ["else", "else", "both"]
    assert [reasons(routed)["both"] for routed in shown] == [
        "not true: behaviour.visits >= 2",
        "placement is poster",
        "",
    ]


def test_a_condition_on_what_is_unknown_does_not_hold_and_says_so(context: Context) -> None:
    where = reference(
        route("few", 40, expression="inventory.stock < 5"),
        route("tuned", 30, expression="place.kind == 'home' || time.hour == 11"),
        route("tests", 20, expression="!has(inventory.stock) && !has(store.id)"),
        route("else", 5),
    )
    shelf, bottle = decisions(context(where), scan("shelf"), scan("bottle"))
    assert (shelf.route, bottle.route) == ("tuned", "tests")
    assert reasons(shelf)["few"] == "inventory.stock is unknown"
    assert reasons(bottle)["tuned"].endswith("is unknown")


def test_an_expression_that_nobody_can_read_never_holds_and_stops_nothing(context: Context) -> None:
    """A later release may have applied it."""
    where = reference(route("odd", 30, expression="weather.rain > 3"), route("worse", 20, expression="(("), route("ok"))
    [routed] = decisions(context(where), scan("shelf"))
    assert routed.route == "ok"
    assert reasons(routed)["odd"].startswith("cannot be read: there is no input weather.rain")


def test_the_published_inputs_are_what_was_read_and_give_the_answer_again(context: Context) -> None:
    where = reference(
        route("vip", 30, expression="behaviour.spent >= 10 && time.weekday == 'Mo'"),
        route("holiday", 20, expression="inventory.stock > 0 && !time.public_holiday"),
        stock={("mitte", "KB-1"): 3},
    )
    [first, second] = decisions(context(where), scan("shelf"), purchase("12.50"), scan("shelf"))
    assert msgspec.json.decode(second.inputs)["inputs"] == {
        "behaviour.spent": 12.5,
        "time.weekday": "Mo",
        "inventory.stock": 3,
        "time.public_holiday": False,
    }
    assert (first.route, second.route) == ("holiday", "vip")
    for routed in (first, second):
        again = recompute(routed.inputs, "", where.brand)
        assert again is not None and (again.route, again.candidates) == (routed.route, routed.candidates)


def test_no_value_of_a_visitor_enters_the_shared_cache(context: Context) -> None:
    where = reference(route("vip", 30, expression="behaviour.spent >= 10 || behaviour.purchases > 3"), route("else", 5))
    harness = context(where)
    for number in range(20):
        amount = f"{number}.37"
        decisions(harness, purchase(amount, who=f"p{number}", name=f"s{number}"), scan("shelf", who=f"p{number}"))
    keys = [key for key in where.memo if isinstance(key, AnswerKey)]
    assert len(keys) == 2
    assert all(key.situation.inputs is msgspec.UNSET for key in keys)
    shared = repr(where.memo) + repr([plan for one in where.memo.values() for plan in getattr(one, "plans", {})])
    assert ".37" not in shared


@pytest.mark.parametrize("personal", ["behaviour.visits > 1", "behaviour.spent >= 5", "place.in_store"])
def test_the_outcome_of_one_visitor_never_reaches_another(context: Context, personal: str) -> None:
    """Each is answered as by a processor that has seen nobody else."""
    where = reference(route("own", 30, expression=f"tag.placement == 'poster' && {personal}"), route("else", 5))
    shared = context(where)
    for who, before in (("a", [enter(who="a")]), ("b", [purchase("7", who="b")]), ("c", []), ("d", [enter(who="d")])):
        specs = [*before, after("1 hour" if who == "d" else "1 second"), scan("poster", who=who, name=f"{who} last")]
        alone = decisions(Harness(PROCESSOR, Reference(where.brand)), *specs)[-1]
        assert decisions(shared, *specs)[-1].candidates == alone.candidates


some = st.sampled_from
whens = st.fixed_dictionaries(
    {},
    optional={
        "types": some([("scan",), ("nfc_tap",), ("scan", "nfc_tap")]),
        "placements": some([("shelf",), ("poster", "packaging")]),
        "stores": some([("mitte",), ("bar", "hudson")]),
        "tags": some([("shelf",), ("poster", "bottle")]),
        "categories": some([("coffee",), ("tea", "coffee")]),
        "open": st.booleans(),
        "in_store": st.booleans(),
        "stock_at_least": st.integers(0, 4),
        "stock_at_most": st.integers(0, 4),
        "visits_at_least": st.integers(1, 3),
        "bought": st.booleans(),
        "purchases_at_least": st.integers(1, 2),
        "spent_at_least": st.decimals("0.01", "12", places=2),
        "bought_within_days": st.integers(1, 4),
        "bought_categories": some([("coffee",), ("tea", "coffee")]),
    },
)
tags = st.sampled_from(["shelf", "poster", "bottle", "bar", "overseas"])
days = st.lists(
    st.one_of(
        tags.map(scan),
        tags.map(tap),
        st.just(enter()),
        st.builds(purchase, some(["3.00", "7.50", "0.01"]), some(["KB-1", "KB-2"])),
        st.builds(returned, some(["3.00", "1.25"])),
        some(["20 minutes", "9 hours", "2 days"]).map(after),
    ),
    max_size=8,
)


@lawful
@given(st.lists(whens, min_size=1, max_size=3), days, tags, st.none() | st.integers(0, 4))
def test_when_and_its_translation_decide_the_same(
    conditions: Sequence[dict[str, Any]], day: list[EventSpec], last: str, stock: int | None
) -> None:
    written = [msgspec.convert(one, When) for one in conditions]
    known = {} if stock is None else {(store, "KB-1"): stock for store in ("mitte", "hudson")}
    as_when = reference(*(route(f"r{number}", number, **one) for number, one in enumerate(conditions)), stock=known)
    as_if = reference(
        *(route(f"r{number}", number, expression=expression_of_when(when)) for number, when in enumerate(written)),
        stock=known,
    )
    events = [*day, scan(last, name="last")]
    expected = decisions(Harness(PROCESSOR, as_when), *events)
    found = decisions(Harness(PROCESSOR, as_if), *events)
    assert [routed.route for routed in found] == [routed.route for routed in expected]
