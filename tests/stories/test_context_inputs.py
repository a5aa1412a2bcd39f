"""Context: what expressions read at a scan, with its evidence and age; what nothing says is unknown."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from processors.distance import distance_m
from processors.reference import Reference
from schemas.brand.model import Consent
from schemas.events import ScanRouted
from schemas.expressions.inputs import CONTEXT, names_read_by
from tests.support.builders import EventSpec, after, at, build_events, enter, purchase, returned, scan, touch
from tests.support.harness import Harness
from tests.support.reference import reference, route

Context = Callable[[Reference], Harness]
EVERY = " && ".join(f"has({name})" for name in sorted(names_read_by(CONTEXT)))
PLACES = {"mitte": (52.52, 13.405), "bar": (52.50, 13.39), "hudson": (40.74, -74.03)}


def everywhere(stock: dict[tuple[str, str], int] | None = None, **stores: Any) -> Reference:
    """A brand whose routes ask for everything, with its stores on the map."""
    where = reference(route("every", expression=EVERY), stock=stock)
    placed = {
        id: msgspec.structs.replace(store, coordinates=PLACES[id], **stores.get(id, {}))
        for id, store in where.brand.stores.items()
    }
    return Reference(msgspec.structs.replace(where.brand, stores=placed), where.stock)


def inputs(harness: Harness, *specs: EventSpec) -> dict[str, Any]:
    """The inputs of the last decision."""
    routed = [effect.event for event in build_events(*specs) for effect in harness.apply(event)][-1]  # type: ignore[union-attr]
    assert isinstance(routed, ScanRouted)
    found: dict[str, Any] = msgspec.json.decode(routed.inputs)["inputs"]
    return found


def some(found: dict[str, Any], group: str) -> dict[str, Any]:
    return {name.partition(".")[2]: value for name, value in found.items() if name.startswith(f"{group}.")}


@pytest.mark.parametrize(
    ("specs", "place"),
    [
        ([scan("shelf")], {"kind": "in_store", "store": "mitte", "evidence": "tag", "age_s": 0}),
        ([enter(), after("4 minutes"), scan("poster")], {"evidence": "visit", "age_s": 241}),
        ([touch("beacon_sighting", store="mitte"), scan("bottle")], {"evidence": "sighting", "age_s": 1}),
        ([touch("wifi_association", store="bar"), scan("bottle")], {"evidence": "network", "store": "bar"}),
        ([enter(), after("31 minutes"), scan("poster")], {"kind": "near", "store": "mitte", "evidence": "tag"}),
        ([enter(), touch("store_exit", store="mitte"), scan("poster")], {"kind": "near"}),
        ([purchase("3", "KB-1"), after("1 day"), scan("bottle")], {"kind": "home", "evidence": "tag", "age_s": 0}),
        ([purchase("3", "KB-1"), scan("bottle")], {"kind": "in_store"}),
        ([scan("bottle")], {}),
    ],
)
def test_place_is_the_freshest_evidence(context: Context, specs: list[EventSpec], place: dict[str, Any]) -> None:
    found = some(inputs(context(everywhere()), *specs), "place")
    assert found == {**found, **place}
    assert bool(found.get("kind")) == bool(place)
    assert found["in_store"] == (found.get("kind") == "in_store")


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        (
            "2026-03-02 19:20",
            {"hour": 19, "minute": 20, "weekday": "Mo", "daypart": "evening"},
        ),
        ("2026-05-01 06:00", {"date": "2026-05-01", "weekday": "Fr", "daypart": "morning", "public_holiday": True}),
        ("2026-03-08 00:00", {"hour": 0, "weekday": "Su", "daypart": "night"}),
    ],
)
def test_time_is_that_of_the_stores_clock(context: Context, local: str, expected: dict[str, Any]) -> None:
    found = some(inputs(context(everywhere()), at(local, "Europe/Berlin"), scan("shelf")), "time")
    assert found == {**found, **expected}


@pytest.mark.parametrize(
    ("hours", "local", "minutes"),
    [
        ("Mo-Sa 08:00-20:00", "2026-03-02 19:20", 40),
        ("Mo-Sa 08:00-20:00", "2026-03-02 20:00", None),
        ("Mo-Su 20:00-04:00", "2026-03-02 23:59", 241),
        ("Mo-Fr 08:00-12:00,12:00-14:00", "2026-03-02 11:30", 150),
        ("24/7", "2026-03-02 12:00", None),
        ("24/7; PH off", "2026-04-30 23:00", 60),
        ("Mo-Su 08:00-24:00; PH off", "2026-05-01 12:00", None),
        ('Mo 08:00-20:00 unknown "if we like"', "2026-03-02 12:00", None),
    ],
)
def test_minutes_until_a_store_closes(context: Context, hours: str, local: str, minutes: int | None) -> None:
    found = inputs(context(everywhere(mitte={"hours": hours})), at(local, "Europe/Berlin"), scan("shelf"))
    assert found.get("store.minutes_until_closing") == minutes


BERLIN = '{"latitude":52.521,"longitude":13.401}'
POTSDAM = '{"latitude":52.4,"longitude":13.066}'


@pytest.mark.parametrize(
    ("specs", "place"),
    [
        ([scan("bottle", properties=BERLIN)], {"kind": "near", "store": "mitte", "evidence": "position", "age_s": 0}),
        ([touch("app_opened", properties=BERLIN), after("15 minutes"), scan("bottle")], {}),
        ([touch("app_opened", properties=BERLIN), after("14 minutes"), scan("bottle")], {"age_s": 841}),
        ([scan("bottle", properties=POTSDAM)], {"kind": "away", "evidence": "position"}),
        ([scan("shelf", properties=POTSDAM)], {"kind": "in_store", "evidence": "tag"}),
        ([purchase("3", "KB-1"), after("1 day"), scan("bottle", properties=POTSDAM)], {"kind": "home"}),
        ([purchase("3", "KB-1"), after("1 day"), scan("bottle", properties=BERLIN)], {"kind": "near"}),
        ([scan("bottle", properties='{"latitude":91,"longitude":13}')], {}),
        ([scan("bottle", properties='{"latitude":"here"}')], {}),
    ],
)
def test_a_shared_position_says_near_or_away_for_a_quarter_of_an_hour(
    context: Context, specs: list[EventSpec], place: dict[str, Any]
) -> None:
    found = some(inputs(context(everywhere()), *specs), "place")
    assert found == {**found, **place}
    assert bool(found.get("kind")) == bool(place)


def test_a_position_counts_for_nobody_who_allows_no_personalisation(context: Context) -> None:
    where = everywhere()
    personalisation = Consent(id="personalisation", default="opt_in")
    asks = msgspec.structs.replace(where.brand, consent={"personalisation": personalisation})
    found = inputs(context(Reference(asks)), scan("bottle", properties=BERLIN))
    assert some(found, "place") == {"in_store": False}


def test_without_a_store_there_is_no_clock(context: Context) -> None:
    found = inputs(context(everywhere()), scan("bottle"))
    assert some(found, "time") == {} and "store.open" not in found


def test_behaviour_is_what_was_viewed_visited_and_kept(context: Context) -> None:
    found = inputs(
        context(everywhere()),
        enter(),
        purchase("12.50", "KB-1"),
        purchase("3.00", "KB-2"),
        returned("3.00", of="sale-2"),
        touch("product_view", product="KB-1"),
        touch("product_view", product="KB-2"),
        touch("page_view", product="unheard of"),
        after("50 hours"),
        scan("shelf"),
    )
    assert some(found, "behaviour") == {
        "visits": 2,
        "days_since_visit": 2,
        "viewed_product": "unheard of",
        "viewed_categories": ["coffee", "tea"],
        "bought_product": True,
        "bought_categories": ["coffee"],
        "purchases": 1,
        "spent": 12.5,
        "days_since_purchase": 2,
    }


def test_a_stranger_has_no_past(context: Context) -> None:
    found = some(inputs(context(everywhere()), scan("shelf")), "behaviour")
    assert found == {
        "visits": 1,
        "viewed_categories": [],
        "bought_product": False,
        "bought_categories": [],
        "purchases": 0,
        "spent": 0.0,
    }


@pytest.mark.parametrize(
    ("stock", "nearest"),
    [
        ({("bar", "KB-1"): 2, ("hudson", "KB-1"): 9}, {"nearest_store": "bar", "nearest_m": 2445}),
        ({("bar", "KB-1"): 0, ("hudson", "KB-1"): 9}, {"nearest_store": "hudson", "nearest_m": 6384377}),
        ({("mitte", "KB-1"): 2, ("bar", "KB-2"): 1}, {"stock": 2}),
        ({}, {}),
    ],
)
def test_the_nearest_store_that_has_the_product(
    context: Context, stock: dict[tuple[str, str], int], nearest: dict[str, Any]
) -> None:
    assert some(inputs(context(everywhere(stock)), scan("shelf")), "inventory") == nearest


def test_distances_are_those_of_the_sphere() -> None:
    """A degree of a great circle of the mean radius."""
    assert round(distance_m((0, 0), (0, 1))) == round(distance_m((0, 0), (1, 0))) == 111_195
    assert round(distance_m((90, 0), (-90, 17))) == 20_015_115
    assert round(distance_m((52.52, 13.405), (52.52, 13.405))) == 0
