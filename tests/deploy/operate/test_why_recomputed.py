"""A stored decision once more: the same by the same code and configuration, another where one of them is another."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from deploy.local.settings import DEMO_BRAND
from deploy.operate.why.brand_versions import BrandVersions
from deploy.operate.why.recomputation import NO_TAG, Recomputation, Scan, compare, differences
from deploy.operate.why.stored import moment_of
from processors.context.core import PROCESSOR as CONTEXT
from processors.reference import Reference
from processors.step import Emit
from schemas.brand.experiments import Experiment, Variant
from schemas.brand.items import events_of
from schemas.brand.load import load
from schemas.brand.model import Action, Brand, Consent, Holdout
from schemas.brand.schedule import Schedule
from schemas.events import BrandConfigured, ScanRouted, TouchpointIdentified
from tests.support.builders import (
    EventSpec,
    after,
    agreed,
    at,
    build_events,
    enter,
    leave,
    objected,
    purchase,
    scan,
    tap,
)
from tests.support.harness import Harness
from tests.support.reference import SHOP, TAGS, reference, route

TAG_IDS = [tag.id for tag in TAGS]
RICH = Action(kind="page", url=f"{SHOP}/{{product}}?c={{campaign}}", title="{stock} left", label="{store_name}")
ROUTES = (
    route("last", 90, action=RICH, stock_at_least=1, stock_at_most=3),
    route("closed", 80, open=False),
    route("again", 70, bought=True),
    route("coffee", 60, bought_categories=("coffee",), spent_at_least=Decimal(3)),
    route("regular", 50, visits_at_least=2),
    route("shelf", 40, placements=("shelf",), promotes=True),
    route("inside", 30, in_store=True),
    route("morning", 88, expression='time.hour < 12 && store.open && tag.placement == "poster"'),
    route("expressed", 65, expression="behaviour.purchases >= 2 && inventory.stock < 9"),
    route("nearest", 64, expression='inventory.nearest_m < 5000.0 && tag.placement == "packaging"'),
    msgspec.structs.replace(route("evening", 45), schedule=Schedule(hours="17:00-22:00")),
    msgspec.structs.replace(route("seldom", 44), not_again_within="2 hours"),
    route("trial", 75, experiment={"cta": "b"}, in_store=True),
)
SPECS = st.one_of(
    st.builds(scan, st.sampled_from(TAG_IDS), st.sampled_from(("anna", "ben"))),
    st.builds(scan, st.sampled_from(TAG_IDS), reply_partition=st.just(0)),
    st.builds(tap, st.sampled_from(TAG_IDS)),
    st.just(enter()),
    st.just(leave()),
    st.builds(purchase, st.sampled_from(("2", "12.50")), st.sampled_from(("KB-1", "KB-2"))),
    st.sampled_from(("1 minute", "40 minutes", "9 hours")).map(after),
    st.just(agreed("personalisation")),
    st.just(objected("personalisation")),
)


def decisions(where: Reference, specs: Sequence[EventSpec]) -> list[tuple[TouchpointIdentified, ScanRouted]]:
    """Each scan with its decision."""
    harness, found = Harness(CONTEXT, where), []
    for event in build_events(*specs):
        for effect in harness.apply(event):
            if isinstance(effect, Emit) and isinstance(effect.event, ScanRouted):
                found.append((event, effect.event))
    return found


def scan_of(event: TouchpointIdentified, routed: ScanRouted) -> Scan:
    return Scan(event.person_id, moment_of(event.occurred_at), event.campaign, routed.inputs)


@given(st.lists(SPECS, max_size=12), st.sampled_from((0, 2, 9)), st.sampled_from((0.0, 0.3)))
def test_the_same_code_and_configuration_give_the_same_answer(
    specs: list[EventSpec], stock: int, held_out: float
) -> None:
    """Also where the configuration is taken for another one, and what inputs owe to it is worked out anew."""
    where = reference(
        *ROUTES,
        stock={("mitte", "KB-1"): stock},
        consent=(Consent(id="personalisation"),),
        experiments=(Experiment(id="cta", variants=(Variant(id="a"), Variant(id="b")), salt="1"),),
    )
    about = msgspec.structs.replace(where.brand.about, holdout=Holdout(share=held_out, salt="x"))
    brand = msgspec.structs.replace(where.brand, about=about, tags={t.id: _campaign(t) for t in TAGS})
    for event, routed in decisions(Reference(brand, where.stock), specs):
        for recomputation in (Recomputation(brand, other=False), Recomputation(brand, other=True)):
            for _ in range(2):
                new = recomputation.answer(scan_of(event, routed))
                assert new is not None and new.answer is not None
                assert set(new.missing) <= {"inventory.nearest_m"}, "which was unknown then as well"
                assert differences(msgspec.structs.asdict(routed), new) == []
                assert compare(msgspec.structs.asdict(routed), new, "", "").same, "candidates as well"


def _campaign(tag: object) -> object:
    """The tag with the campaign that the stories' events have of it."""
    return msgspec.structs.replace(tag, campaign="spring & co" if tag.id in ("shelf", "poster") else "")  # type: ignore[type-var, attr-defined]


def recomputed_under(
    brand: Brand, *specs: EventSpec, where: Reference | None = None
) -> list[tuple[str, tuple[str, ...]]]:
    """Of each scan of a story the route under another brand, and what was not known."""
    found = []
    for event, routed in decisions(where or reference(route("shelf", 40)), specs):
        new = Recomputation(brand, other=True).answer(scan_of(event, routed))
        assert new is not None
        found.append((new.answer.route if new.answer else NO_TAG, new.missing))
    return found


def test_another_configuration_answers_with_its_own_tags_hours_and_holdout() -> None:
    other = reference(route("closed", 9, open=False), route("tea", 8, categories=("tea",)), route("else", 1)).brand
    assert recomputed_under(other, scan("shelf"), at("2026-03-02T23:00"), scan("shelf"), scan("bar")) == [
        ("else", ()), ("closed", ()), ("tea", ()),
    ]  # fmt: skip
    moved = msgspec.structs.replace(other.tags["shelf"], product="KB-2", placement="poster")
    tea = msgspec.structs.replace(other, tags=other.tags | {"shelf": moved})
    assert recomputed_under(tea, scan("shelf")) == [("tea", ())]
    none = msgspec.structs.replace(other, tags={})
    assert recomputed_under(none, scan("shelf")) == [(NO_TAG, ())]
    halves = msgspec.structs.replace(other.about, holdout=Holdout(share=0.5, salt="x"))
    crowd = [scan("shelf", who=f"shopper {number}") for number in range(40)]
    some = recomputed_under(msgspec.structs.replace(other, about=halves), *crowd)
    assert {one for one, _ in some} == {"else", "fallback"}


def test_what_the_inputs_do_not_have_is_named() -> None:
    """A history nobody asked for, the stock of another product, visits that consent kept out."""
    asks = reference(route("coffee", 9, bought_categories=("coffee",)), route("else", 1)).brand
    assert recomputed_under(asks, purchase("3", "KB-1"), scan("shelf")) == [("else", ("history",))]
    stock = reference(route("few", 9, stock_at_most=3), route("else", 1)).brand
    moved = msgspec.structs.replace(stock.tags["shelf"], product="KB-2")
    other = msgspec.structs.replace(stock, tags=stock.tags | {"shelf": moved})
    assert recomputed_under(other, scan("shelf")) == [("else", ("stock",))]
    silent = (Consent(id="personalisation", default="opt_in"),)
    visits = reference(route("regular", 9, visits_at_least=2), route("else", 1)).brand
    before = reference(route("else", 1), consent=silent)
    assert recomputed_under(visits, enter(), after("2 hours"), scan("shelf"), where=before) == [("else", ("visits",))]
    stricter = msgspec.structs.replace(visits, consent={"personalisation": silent[0]})
    assert recomputed_under(stricter, enter(), after("2 hours"), scan("shelf")) == [("else", ())]


def test_what_expressions_read_of_people_goes_with_their_consent() -> None:
    """Under a configuration that asks first a buyer is nobody in particular; the other way round nothing is known."""
    buyers = (
        route("buyer", 9, expression="behaviour.purchases >= 1"),
        route("new", 8, expression="behaviour.purchases == 0"),
    )
    open_, asking = (
        reference(*buyers, route("else", 1), consent=(Consent(id="personalisation", default=default),))
        for default in ("opt_out", "opt_in")
    )
    story = (purchase("3", "KB-1"), scan("shelf"))
    assert [routed.route for _, routed in decisions(open_, story)] == ["buyer"]
    assert [routed.route for _, routed in decisions(asking, story)] == ["new"]
    assert recomputed_under(open_.brand, *story, where=open_) == [("buyer", ())]
    assert recomputed_under(asking.brand, *story, where=open_) == [("new", ())]
    assert recomputed_under(open_.brand, *story, where=asking) == [("else", ("behaviour.purchases",))]


def test_experiments_are_drawn_as_context_draws_them() -> None:
    """Under a configuration that begins an experiment; who saw a variant of a phase keeps it while the phase lasts."""
    halves = Experiment(id="cta", variants=(Variant(id="a"), Variant(id="b")), salt="1")
    trial = reference(route("trial", 9, experiment={"cta": "b"}), route("else", 1), experiments=(halves,))
    crowd = [scan("shelf", who=f"shopper {number}") for number in range(40)]
    drawn = [routed.route for _, routed in decisions(trial, crowd)]
    assert set(drawn) == {"trial", "else"}
    assert [one for one, _ in recomputed_under(trial.brand, *crowd)] == drawn
    assert [one for one, _ in recomputed_under(reference(route("else", 1)).brand, *crowd, where=trial)] == ["else"] * 40


def test_a_page_that_would_show_another_price_is_another_answer() -> None:
    page = Action(kind="page", url=SHOP, title="Espresso", label="Buy")
    before = reference(route("page", 9, action=page))
    dearer = msgspec.structs.replace(before.brand.products["KB-1"], price=Decimal("9.90"))
    other = msgspec.structs.replace(before.brand, products=before.brand.products | {"KB-1": dearer})
    [(event, routed)] = decisions(before, [scan("shelf")])
    new = Recomputation(other, other=True).answer(scan_of(event, routed))
    assert new is not None
    [difference] = differences(msgspec.structs.asdict(routed), new)
    assert difference.field == "content.product" and "9.90" in difference.now and "9.90" not in difference.was


def test_inputs_that_are_not_stored_or_not_understood_are_no_answer() -> None:
    brand = reference(route("else", 1)).brand
    for inputs in ("{}", "[]", '{"tag": "shelf"}', "no JSON"):
        one = Scan("p", moment_of(0), "", inputs)
        assert Recomputation(brand, other=True).answer(one) is Recomputation(brand, other=False).answer(one) is None
        assert compare({"inputs": inputs}, None, "", "").impossible


def applied(*brands: Brand) -> list[BrandConfigured]:
    """What the table has when these were applied one after another: of equal contents the last."""
    held: dict[str, tuple[str, str]] = {}
    rows: dict[str, BrandConfigured] = {}
    for number, brand in enumerate(brands, 1):
        for event in events_of(brand, number * 1_000_000, held):
            rows[event.event_id] = event
            held[f"{event.kind}/{event.id}"] = (event.version, event.body)
            if not event.body:
                del held[f"{event.kind}/{event.id}"]
    return sorted(rows.values(), key=lambda event: event.occurred_at)


@given(st.lists(st.frozensets(st.sampled_from("abcd")), min_size=1, max_size=6))
def test_a_version_is_as_it_was_or_unknown(chosen: list[frozenset[str]]) -> None:
    """Whatever was applied after it; what was put together wrongly never passes for it."""
    brands = [reference(*(route(id, len(routes)) for id in sorted(routes))).brand for routes in chosen]
    versions = BrandVersions(applied(*brands))
    assert versions.live() == brands[-1]
    for number, brand in enumerate(brands, 1):
        assert versions.of(brand.version, moment_of(number * 1_000_000) + timedelta(seconds=0.5)) in (brand, None)


def test_versions_before_and_after_a_way_back_are_known() -> None:
    one, two, three = (reference(*(route(id, 1) for id in ids)).brand for ids in ("a", "ab", "bc"))
    for order in ((one, two, one), (one, two, three, one), (one, two, one, three, two)):
        versions = BrandVersions(applied(*order))
        for number, brand in enumerate(order, 1):
            assert versions.of(brand.version, moment_of(number * 1_000_000)) == brand, (number, order)
    assert BrandVersions([]).live() is None and BrandVersions([]).of("x", moment_of(0)) is None


def test_a_version_of_a_later_release_is_unknown() -> None:
    brand = load(DEMO_BRAND)
    rows = applied(brand)
    later = [
        msgspec.structs.replace(row, body=row.body.replace('"moment"', '"mood"')) if row.kind == "route" else row
        for row in rows
    ]
    assert BrandVersions(rows).live() == brand and BrandVersions(later).live() is None


def test_every_tag_of_the_demo_gets_the_same_answer_again() -> None:
    """At each hour of a week, with and without stock, by people who come once and by regulars."""
    brand = load(DEMO_BRAND)
    stock = {(tag.store, tag.product): number % 6 for number, tag in enumerate(brand.tags.values()) if number % 7 != 0}
    day: list[EventSpec] = []
    for number, tag in enumerate(brand.tags.values()):
        who = f"shopper {number % 5}"
        place = {"store": tag.store, "placement": tag.placement, "product": tag.product, "campaign": tag.campaign}
        day += [scan(tag.id, who, **place), purchase("9.90", tag.product, who=who, store=tag.store), after("3 hours")]
    found = decisions(Reference(brand, stock), day * 2)
    assert len(found) == 2 * len(brand.tags) and len({routed.route for _, routed in found}) > 10
    for event, routed in found:
        for other in (False, True):
            new = Recomputation(brand, other).answer(scan_of(event, routed))
            assert compare(msgspec.structs.asdict(routed), new, "", "").same, routed
