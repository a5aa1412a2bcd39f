"""Context: what the phone is told."""

import json
from collections.abc import Callable

import msgspec

from processors.step import Emit
from processors.world import World
from schemas.brand.model import Action
from schemas.events import Candidate, ScanRouted
from schemas.ids import derived
from tests.stories.stage import Stage, sentence
from tests.stories.telling import event_id, person, purchase, scan, tap, told, touch
from tests.stories.world import SHOP, route, world

Context = Callable[[World], Stage]


def answer(stage: Stage, *chapters: object) -> ScanRouted:
    """The one answer to the last chapter."""
    [emit] = stage.hears(*told(*chapters))  # type: ignore[arg-type]
    assert isinstance(emit, Emit) and isinstance(emit.event, ScanRouted)
    return emit.event


def test_a_scan_gets_one_explained_answer_on_the_partition_of_its_gateway(context: Context) -> None:
    where = world(
        route("stay", 5, "know"),
        route("buy", 20, placements=("shelf",)),
        route("tea", 30, "do", categories=("tea",)),
        stock={("mitte", "KB-1"): 7},
    )
    [first] = told(scan("shelf", name="first", reply_partition=3))
    assert context(where).hears(first) == [
        Emit(
            ScanRouted(
                event_id=derived("route", event_id("first")),
                occurred_at=first.occurred_at,
                scan_event_id=event_id("first"),
                person_id=person("anna"),
                tag="shelf",
                store="mitte",
                moment="buy",
                route="buy",
                action="redirect",
                destination=f"{SHOP}/buy",
                brand_version=where.brand.version,
                reply_partition=3,
                candidates=(
                    Candidate("tea", 30, "category is coffee"),
                    Candidate("buy", 20, ""),
                    Candidate("stay", 5, "outranked by buy"),
                ),
                inputs=json.dumps(
                    {
                        "type": "scan",
                        "placement": "shelf",
                        "tag": "shelf",
                        "store": "mitte",
                        "product": "KB-1",
                        "category": "coffee",
                        "local_time": "2026-03-02T11:00:00+01:00",
                        "open": True,
                        "in_store": True,
                        "stock": 7,
                        "visits": 1,
                        "bought": False,
                    },
                    separators=(",", ":"),
                ),
            ),
            partition=3,
        )
    ]


def test_a_probe_is_answered_and_nobody_is_remembered(context: Context) -> None:
    stage = context(world())
    effects = stage.hears(*told(touch("probe", reply_partition=1)))
    assert [sentence(e) for e in effects] == ["probe-1: know, probe"]
    assert stage.kept == {}


def test_only_scans_and_taps_are_answered(context: Context) -> None:
    stage = context(world(route("buy")))
    story = told(touch("page_view"), purchase("1"), scan(), tap(), touch("store_entry", store="mitte"))
    assert stage.plays(*story) == ["scan-1: buy, buy", "nfc_tap-1: buy, buy"]


def test_a_tag_that_is_not_there_leaves_the_answer_to_the_gateway(context: Context) -> None:
    stage = context(world(route("buy")))
    assert [sentence(e) for e in stage.hears(*told(scan("gone")))] == ["dropped: unknown_tag"]
    assert [sentence(e) for e in stage.hears(*told(scan("", who="ben")))] == ["dropped: no_tag"]


def test_without_a_route_the_fallback_of_the_tag_answers_and_else_that_of_the_brand(context: Context) -> None:
    stage = context(world(route("tea", categories=("tea",))))
    poster, shelf = stage.hears(*told(scan("poster"), scan("shelf")))
    assert isinstance(poster, Emit) and isinstance(shelf, Emit)
    assert (poster.event.route, poster.event.moment, poster.event.destination) == ("fallback", "know", f"{SHOP}/poster")
    assert (shelf.event.route, shelf.event.destination) == ("fallback", f"{SHOP}/hello")
    assert [c.lost_because for c in poster.event.candidates] == ["category is unknown"]


def test_a_page_carries_its_texts_and_a_redirect_none(context: Context) -> None:
    page = Action(
        kind="page",
        url=f"{SHOP}/p/{{product}}",
        title="{product_name}",
        text="{stock} left at {store_name}",
        label="Buy {tag}",
    )
    where = world(route("page", action=page, placements=("shelf",)), route("go", 5), stock={("mitte", "KB-1"): 2})
    shown = answer(context(where), scan("shelf"))
    assert (shown.action, shown.destination) == ("page", f"{SHOP}/p/KB-1")
    assert (shown.title, shown.text, shown.label) == ("Espresso", "2 left at Mitte & Söhne", "Buy shelf")
    plain = answer(context(where), scan("poster", who="ben"))
    assert (plain.action, plain.title, plain.text, plain.label) == ("redirect", "", "", "")


def test_placeholders_are_quoted_in_addresses_and_empty_when_nothing_is_known(context: Context) -> None:
    url = f"{SHOP}/p?s={{store_name}}&p={{product}}&c={{campaign}}&n={{stock}}&t={{tag}}"
    stage = context(world(route("buy", action=Action(url=url))))
    evil = answer(stage, scan("shelf", campaign="a&b=c/../?#{tag}%\r\nX: y é"))
    assert evil.destination == (
        f"{SHOP}/p?s=Mitte%20%26%20S%C3%B6hne&p=KB-1&c=a%26b%3Dc%2F..%2F%3F%23%7Btag%7D%25%0D%0AX%3A%20y%20%C3%A9&n=&t=shelf"
    )
    bare = answer(stage, scan("bottle", who="ben", name="b", product="unheard of"))
    assert bare.destination == f"{SHOP}/p?s=&p=unheard%20of&c=&n=&t=bottle"


def test_the_inputs_of_a_decision_are_kept_as_it_saw_them(context: Context) -> None:
    routed = answer(context(world(route("buy"))), scan("bottle"))
    inputs = msgspec.json.decode(routed.inputs)
    assert (inputs["local_time"], inputs["open"], inputs["stock"]) == (None, None, None)
    assert routed.brand_version
