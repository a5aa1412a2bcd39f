"""Properties of functions of one input: ids, decisions, answers."""

import random
from typing import Any
from uuid import uuid5

from hypothesis import given
from hypothesis import strategies as st

from processors.context.core import step
from processors.context.decide import decide
from processors.context.situation import Situation
from schemas.brand.model import Action
from schemas.ids import NAMESPACE, derived
from tests.support.builders import after, build_events, scan
from tests.support.histories import lawful
from tests.support.reference import SHOP, reference, route

words = st.text(st.characters(exclude_categories=["Cs"]))


@lawful
@given(words, st.lists(words, max_size=3))
def test_ids_are_what_any_uuid_library_makes(noun: str, parts: list[str]) -> None:
    assert derived(noun, *parts) == str(uuid5(NAMESPACE, "\x1f".join((noun, *parts))))


conditions = st.fixed_dictionaries(
    {},
    optional={
        "types": st.sampled_from([("scan",), ("nfc_tap",)]),
        "stores": st.sampled_from([("mitte",), ("bar", "hudson")]),
        "open": st.booleans(),
        "in_store": st.booleans(),
        "bought": st.booleans(),
        "stock_at_least": st.integers(0, 4),
        "stock_at_most": st.integers(0, 4),
        "visits_at_least": st.integers(0, 4),
    },
)
situations = st.builds(
    Situation,
    type=st.sampled_from(["scan", "nfc_tap"]),
    placement=st.just("shelf"),
    tag=st.just("shelf"),
    store=st.sampled_from(["mitte", "bar", ""]),
    product=st.just("KB-1"),
    category=st.just("coffee"),
    local_time=st.none() | st.just("2026-03-02T11:00:00+01:00"),
    open=st.none() | st.booleans(),
    in_store=st.booleans(),
    stock=st.none() | st.integers(0, 4),
    visits=st.integers(0, 4),
    bought=st.booleans(),
)


@lawful
@given(st.lists(st.tuples(st.integers(0, 3), st.booleans(), conditions), max_size=6), situations, st.randoms())
def test_a_decision_has_one_winner_at_most_and_a_reason_for_everybody_else(
    rules: list[Any], now: Situation, chance: random.Random
) -> None:
    routes = [route(f"r{n}", priority, promotes=promotes, **when) for n, (priority, promotes, when) in enumerate(rules)]
    decision = decide(reference(*routes).brand.routes, now)
    winners = [candidate.route for candidate in decision.candidates if not candidate.lost_because]
    assert winners == ([decision.winner.id] if decision.winner else [])
    assert sorted(c.route for c in decision.candidates) == sorted(r.id for r in routes)
    assert decide(reference(*chance.sample(routes, len(routes))).brand.routes, now) == decision
    if decision.winner is not None and decision.winner.promotes_product:
        assert now.stock != 0


@lawful
@given(
    st.lists(st.tuples(st.sampled_from(["shelf", "poster", "bar"]), st.integers(0, 90), st.integers(0, 2)), max_size=8)
)
def test_a_cached_answer_is_the_answer_computed_anew(scans: list[tuple[str, int, int]]) -> None:
    routes = (
        route(
            "again", visits_at_least=2, action=Action(url=f"{SHOP}/{{store_name}}?c={{stock}}", text="{product_name}")
        ),
        route("left", stock_at_least=1, open=True),
    )
    caching, specs = reference(*routes), []
    for tag, minutes, stock in scans:
        caching.stock["mitte", "KB-1"] = stock  # type: ignore[index]
        specs += [after(f"{minutes} minutes"), scan(tag)]
        event = build_events(*specs)[-1]
        visitor = None
        for earlier in build_events(*specs)[:-1]:
            visitor = step(visitor, earlier, reference(*routes)).state
        fresh = reference(*routes, stock={("mitte", "KB-1"): stock})
        assert step(visitor, event, caching) == step(visitor, event, fresh)
