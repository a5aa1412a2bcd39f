"""Context: the answer to a scan."""

import json
from collections.abc import Callable

import msgspec

from processors.reference import Reference
from processors.step import Emit
from schemas.brand.model import Action
from schemas.codec.avro import Codec
from schemas.events import Candidate, ScanRouted
from schemas.ids import derived
from tests.support.builders import build_events, event_id, person, purchase, scan, tap, touch
from tests.support.harness import Harness, sentence
from tests.support.reference import SHOP, reference, route

CODEC = Codec()
Context = Callable[[Reference], Harness]


def answer(harness: Harness, *specs: object) -> ScanRouted:
    """The one answer to the last event."""
    [emit] = harness.apply(*build_events(*specs))  # type: ignore[arg-type]
    assert isinstance(emit, Emit) and isinstance(emit.event, ScanRouted)
    return emit.event


def test_a_scan_gets_one_explained_answer_on_the_partition_of_its_gateway(context: Context) -> None:
    where = reference(
        route("stay", 5, "know"),
        route("buy", 20, placements=("shelf",)),
        route("tea", 30, "do", categories=("tea",)),
        stock={("mitte", "KB-1"): 7},
    )
    [first] = build_events(scan("shelf", name="first", reply_partition=3))
    assert context(where).apply(first) == [
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


def test_a_probe_is_answered_and_leaves_no_state(context: Context) -> None:
    harness = context(reference())
    effects = harness.apply(*build_events(touch("probe", reply_partition=1)))
    assert [sentence(e) for e in effects] == ["probe-1: know, probe"]
    assert harness.records == {}


def test_only_scans_and_taps_are_answered(context: Context) -> None:
    harness = context(reference(route("buy")))
    story = build_events(touch("page_view"), purchase("1"), scan(), tap(), touch("store_entry", store="mitte"))
    assert harness.run(*story) == ["scan-1: buy, buy", "nfc_tap-1: buy, buy"]


def test_a_scan_of_an_unknown_tag_is_dropped(context: Context) -> None:
    harness = context(reference(route("buy")))
    assert [sentence(e) for e in harness.apply(*build_events(scan("gone")))] == ["dropped: unknown_tag"]
    assert [sentence(e) for e in harness.apply(*build_events(scan("", who="ben")))] == ["dropped: no_tag"]


def test_without_a_route_the_fallback_of_the_tag_answers_and_else_that_of_the_brand(context: Context) -> None:
    harness = context(reference(route("tea", categories=("tea",))))
    poster, shelf = harness.apply(*build_events(scan("poster"), scan("shelf")))
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
    where = reference(route("page", action=page, placements=("shelf",)), route("go", 5), stock={("mitte", "KB-1"): 2})
    shown = answer(context(where), scan("shelf"))
    assert (shown.action, shown.destination) == ("page", f"{SHOP}/p/KB-1")
    assert (shown.title, shown.text, shown.label) == ("Espresso", "2 left at Mitte & Söhne", "Buy shelf")
    plain = answer(context(where), scan("poster", who="ben"))
    assert (plain.action, plain.title, plain.text, plain.label) == ("redirect", "", "", "")


def test_placeholders_are_quoted_in_addresses_and_empty_when_nothing_is_known(context: Context) -> None:
    url = f"{SHOP}/p?s={{store_name}}&p={{product}}&c={{campaign}}&n={{stock}}&t={{tag}}"
    harness = context(reference(route("buy", action=Action(url=url))))
    evil = answer(harness, scan("shelf", campaign="a&b=c/../?#{tag}%\r\nX: y é"))
    assert evil.destination == (
        f"{SHOP}/p?s=Mitte%20%26%20S%C3%B6hne&p=KB-1&c=a%26b%3Dc%2F..%2F%3F%23%7Btag%7D%25%0D%0AX%3A%20y%20%C3%A9&n=&t=shelf"
    )
    bare = answer(harness, scan("bottle", who="ben", name="b", product="unheard of"))
    assert bare.destination == f"{SHOP}/p?s=&p=unheard%20of&c=&n=&t=bottle"


def test_a_route_whose_texts_or_path_cannot_be_filled_in_does_not_apply(context: Context) -> None:
    page = Action(kind="page", url=f"{SHOP}/p/{{product}}", title="Only {stock} left", label="Buy")
    where = reference(
        route("few", 20, action=page), route("there", 10, action=Action(url=f"{SHOP}/at/{{store}}?c={{campaign}}"))
    )
    harness = context(where)
    unknown = answer(harness, scan("shelf", campaign=""))
    assert (unknown.route, unknown.destination) == ("there", f"{SHOP}/at/mitte?c=")
    assert [c.lost_because for c in unknown.candidates] == ["{stock} is unknown", ""]
    nowhere = answer(harness, scan("bottle", who="ben", name="b"))
    assert nowhere.route == "fallback"
    assert [c.lost_because for c in nowhere.candidates] == ["{stock} is unknown", "{store} is unknown"]


def test_braces_that_name_no_placeholder_are_text(context: Context) -> None:
    """No brand that passes the check has them; an older one in the topic must not stop the stream."""
    texts = Action(kind="page", url=f"{SHOP}/{{nope}}", title="{stock:d} {{tag}} {", text="{tag.id}", label="{tag!r}}")
    shown = answer(context(reference(route("odd", action=texts))), scan("shelf"))
    assert (shown.title, shown.text, shown.label) == ("{stock:d} {tag} {", "{tag.id}", "{tag!r}}")
    assert shown.destination == f"{SHOP}/{{nope}}"


def test_a_fallback_is_served_as_it_is_written_by_the_stream_as_by_the_gateway(context: Context) -> None:
    where = reference()
    brand = where.brand
    poster = msgspec.structs.replace(brand.tags["poster"], fallback=f"{SHOP}/t/{{nope}}?q={{}}&{{tag}}")
    where = Reference(msgspec.structs.replace(brand, tags=brand.tags | {"poster": poster}))
    assert answer(context(where), scan("poster")).destination == where.brand.fallback_of(poster)


def test_the_reasons_of_many_routes_fit_into_a_record_whatever_an_event_is_called(context: Context) -> None:
    routes = [route(f"r{number}", stores=("mitte",)) for number in range(2000)]
    far = answer(context(reference(*routes)), scan("bottle", store="😀" * 200))
    assert len(CODEC.record(far)[2]) < 1_000_000 * 0.7
    assert all(c.lost_because.startswith("store is 😀") for c in far.candidates)


def test_the_inputs_of_a_decision_are_published_with_it(context: Context) -> None:
    routed = answer(context(reference(route("buy"))), scan("bottle"))
    inputs = msgspec.json.decode(routed.inputs)
    assert (inputs["local_time"], inputs["open"], inputs["stock"]) == (None, None, None)
    assert routed.brand_version
