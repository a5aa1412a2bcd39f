"""What a page shows beside its texts: facts of the product, the stores and their hours, in the phone's language."""

import random
from decimal import Decimal

from msgspec.structs import replace

from processors.context import core
from processors.distance import distance_m
from processors.reference import Reference
from processors.step import Emit
from schemas.brand.action import ActionTexts
from schemas.brand.items import build_brand, items_of
from schemas.brand.model import Action, Brand, Store
from schemas.brand.products import ProductTexts
from schemas.brand.stores import StoreTexts
from schemas.content import Capacity, Content, Hours, read
from schemas.events import CapacityReported, ScanRouted
from tests.support.builders import EventSpec, at, build_events, scan
from tests.support.reference import SHOP, reference, route

BERLIN, POTSDAM, HAMBURG = (52.5219, 13.4016), (52.3989, 13.0657), (53.5503, 9.9920)
PAGE = Action(
    kind="page", url=f"{SHOP}/p", title="Only {stock} left", text="{product_name} at {store_name}", label="Keep one",
    texts={"de": ActionTexts(title="Nur noch {stock} da", label="Zurücklegen", steps=("{product_name} öffnen",))},
)  # fmt: skip
WAY = "https://shop.example/to/{store}?{latitude},{longitude}"


def described(moment: str = "buy", action: Action = PAGE, **stock: int) -> Reference:
    """The brand of the stories, with what pages show. :param stock: of the espresso, by store."""
    base = reference(route("page", moment=moment, action=action))
    items = items_of(base.brand)
    [about], [bar, _, mitte], [coffee, oolong] = items["brand"], items["store"], items["product"]
    assert isinstance(mitte, Store)
    items["brand"] = [replace(about, language="en", languages=("de", "de-CH", "ar"), directions=WAY)]
    items["store"] = [
        replace(
            mitte, coordinates=BERLIN, address="Torstraße 1", pick_up=True, texts={"de": StoreTexts(name="Filiale")}
        ),
        replace(bar, coordinates=POTSDAM),
        Store(id="altona", name="Altona", time_zone="Europe/Berlin", coordinates=HAMBURG),
        Store(id="lone", name="Lone", time_zone="Europe/Berlin"),
    ]
    texts = {"de": ProductTexts(name="Der Espresso", steps=("Mahlen.",))}
    described = {
        "price": Decimal("7.90"),
        "rating": Decimal("4.6"),
        "ratings": 12,
        "steps": ("Grind.",),
        "texts": texts,
    }
    items["product"] = [replace(coffee, **described), oolong]
    items["tag"] = [one for one in items["tag"] if one.id != "overseas"]
    return Reference(build_brand(items), {(store, "KB-1"): units for store, units in stock.items()})


def routed(now: Reference, *specs: EventSpec) -> ScanRouted:
    """The answer to the last event; asked twice, it is the same."""
    events = build_events(*specs)
    answers = []
    for _ in range(2):
        state = None
        for event in events:
            step = core.step(state, event, now)
            state = step.state
        [effect] = step.effects
        assert isinstance(effect, Emit) and isinstance(effect.event, ScanRouted)
        answers.append(effect.event)
    assert answers[0] == answers[1]
    return answers[0]


def content_of(decision: ScanRouted) -> Content:
    found = read(decision.content)
    assert found is not None
    return found


def test_before_a_product_its_price_and_stock_are_shown() -> None:
    shown = content_of(routed(described(mitte=2), at("2026-03-02 10:00", "Europe/Berlin"), scan()))
    assert (shown.layout, shown.language, shown.version, shown.nearby) == ("buy", "en", 1, ())
    product = shown.product
    assert product is not None and (product.name, product.price, product.currency) == (
        "Espresso",
        Decimal("7.90"),
        "EUR",
    )
    assert (product.rating, product.ratings, product.stock, product.pick_up) == (Decimal("4.6"), 12, 2, True)
    assert shown.steps == ("Grind.",) and shown.store is not None
    assert shown.store.hours == Hours(True, "2026-03-02T20:00+01:00", "", (("08:00", "20:00"),), "2026-03-02")
    assert shown.store.directions == "https://shop.example/to/mitte?52.521900,13.401600"


def test_a_redirect_shows_nothing() -> None:
    assert routed(described(action=Action(url=SHOP)), scan()).content == "{}"


def test_where_the_product_is_sold_out_the_nearest_store_that_has_it_is_shown() -> None:
    evening = at("2026-03-02 21:00", "Europe/Berlin")
    [near] = content_of(routed(described(mitte=0, bar=3, altona=9), evening, scan())).nearby
    assert (near.id, near.stock, near.hours.open) == ("bar", 3, True) and near.distance_m is not None
    assert 20_000 < near.distance_m < 30_000 and near.hours.until == "2026-03-03T04:00+01:00"
    for stock in ({"mitte": 0, "altona": 9}, {"mitte": 1, "bar": 3}, {"mitte": 0, "bar": 0}):
        assert content_of(routed(described(**stock), evening, scan())).nearby == (), "too far, or needed by nobody"


def test_on_the_way_the_stores_nearby_are_shown_whatever_they_have() -> None:
    monday, welcome = at("2026-03-02 10:00", "Europe/Berlin"), Action(kind="page", url=SHOP, title="Hello", label="Go")
    shown = content_of(routed(described("go", welcome), monday, scan("poster", store="mitte")))
    assert [near.id for near in shown.nearby] == ["bar"] and shown.steps == () and shown.product is None
    assert shown.nearby[0].hours.opens == "2026-03-02T20:00+01:00" and shown.nearby[0].hours.today == (
        ("20:00", "04:00"),
    )


def test_a_store_that_is_closed_says_when_it_opens() -> None:
    sunday = content_of(routed(described(mitte=2), at("2026-03-01 10:00", "Europe/Berlin"), scan()))
    assert sunday.store is not None
    assert sunday.store.hours == Hours(False, "", "2026-03-02T08:00+01:00", (), "2026-03-01")


def test_the_page_is_in_the_phones_language_where_the_action_is() -> None:
    now = described(mitte=2)
    german = routed(now, scan(language="de"))
    assert (german.title, german.text, german.label) == ("Nur noch 2 da", "Der Espresso at Filiale", "Zurücklegen")
    shown = content_of(german)
    assert (shown.language, shown.steps) == ("de", ("Der Espresso öffnen",))
    assert content_of(routed(now, scan(language="de-CH"))).language == "de-CH"
    for language in ("", "ar", "fr", "DE", "x" * 500):
        other = routed(now, scan(language=language))
        assert (other.text, content_of(other).language) == ("Espresso at Mitte & Söhne", "en"), "the brand's own, whole"


def test_the_language_changes_no_decision() -> None:
    action = replace(PAGE, text="", texts={"de": ActionTexts(text="{campaign}")})
    for language in ("de", "en"):
        nameless = scan(language=language, campaign="")
        assert routed(described(action=action, mitte=2), nameless).route == "fallback"


def test_answers_in_any_order_of_languages_and_stocks_are_the_same() -> None:
    """What is remembered of one is shown to no other."""
    scans = [({"mitte": stock, "bar": 4}, language) for stock in (0, 1, 2) for language in ("en", "de", "ar")]
    alone = [routed(described(**stock), scan(language=language)) for stock, language in scans]
    order = random.Random(7).sample(range(len(scans)), len(scans))
    shared = described()
    for index in order:
        stock, language = scans[index]
        now = Reference(shared.brand, {(store, "KB-1"): units for store, units in stock.items()}, shared.memo)
        assert replace(routed(now, scan(language=language))) == alone[index]


def test_a_brand_of_an_earlier_release_has_pages_as_before() -> None:
    plain = reference(route("page", action=Action(kind="page", url=SHOP, title="Hello", label="Go")))
    decision = routed(plain, scan(language="de"))
    assert (decision.title, decision.label) == ("Hello", "Go") and "language" not in decision.inputs
    assert isinstance(plain.brand, Brand) and content_of(decision).language == ""


def test_distances_are_those_of_the_earth() -> None:
    assert abs(distance_m(BERLIN, HAMBURG) - 254_000) < 3_000
    assert distance_m(BERLIN, BERLIN) == 0 and round(distance_m((0, 0), (0, 180))) == 20_015_115


def test_a_content_of_a_later_release_is_read_as_far_as_it_is_known() -> None:
    later = '{"layout":"buy","version":2,"new":{"a":1},"product":{"id":"x","name":"X","price":"1.50","other":[]}}'
    shown = read(later)
    assert shown is not None and shown.product is not None and shown.product.price == Decimal("1.50")
    assert read("{}") is None and read("[]") is None and read('{"layout":1}') is None and read("") is None


def test_where_something_is_done_it_is_said_how_full_it_is_as_long_as_that_holds() -> None:
    welcome = Action(kind="page", url=SHOP, title="Hello", label="Go")
    [now] = build_events(scan())

    def report(service: str, expires_at: int, **said: int) -> CapacityReported:
        return CapacityReported(
            event_id=service, occurred_at=1, store="mitte", service=service, expires_at=expires_at, received_at=1,
            source="till", **said,
        )  # fmt: skip

    reports = {
        "fitting": report("fitting", now.occurred_at + 1, free=2, queue_length=1, wait_s=90),
        "bar": report("bar", now.occurred_at, free=9),
    }
    for moment, shown in (
        ("do", (Capacity("fitting", 2, 1, 90),)),
        ("go", (Capacity("fitting", 2, 1, 90),)),
        ("buy", ()),
    ):
        plain = described(moment, welcome)
        full = Reference(plain.brand, capacity={"mitte": reports})
        assert content_of(routed(full, scan())).capacity == shown
        assert content_of(routed(plain, scan())).capacity == ()
