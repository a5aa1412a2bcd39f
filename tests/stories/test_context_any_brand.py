"""Whatever brand passes the check: any scan and any sale on it is answered, posted and published, and nothing raises.

Brands are made of right and wrong pieces; the check decides which of them count.
"""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.brand.link_query import with_parameters
from gateway.brand.live import build_brand_view
from gateway.landing.page import Page, landing_page, surroundings_of
from gateway.scan.link import link_of
from gateway.scan.touchpoint import build_touchpoint, build_unknown_touchpoint
from gateway.scan.unknown_tags import UnknownTags
from processors.context import core as context
from processors.reference import Reference
from processors.rewards import core as rewards
from processors.step import Emit, Processor
from schemas import kinds
from schemas.brand.load import BrandError, load
from schemas.brand.model import Brand, is_registered
from schemas.codec.avro import Codec
from schemas.events import Line, ScanRouted, TouchpointIdentified
from schemas.expressions.inputs import CONTEXT, REWARDS
from schemas.ids import derived
from tests.support.random_expressions import random_condition
from tests.support.seeds import draw_seed

EVENTS = 10_000
BRANDS = 40
DRAWS = 40
CODEC = Codec()
SHOP = "https://shop.example"
MAX_PAGE_BYTES = 14 * 1024
ABOUT = {
    "id": "b",
    "name": "B",
    "currency": "EUR",
    "country": "DE",
    "fallback": f"{SHOP}/hello",
    "destinations": [SHOP],
}
LANGUAGES = ["", "de", "he-IL", "az-Arab", "en-Latn-GB"]
QUERIES = [{}, {"parameters": ["ref", "Shelf.Edge"]}, {"pass_on": True, "parameters": ["x" * 50]}]
NAMES = [
    "Mitte & Söhne",
    "<b>",
    "ÄÖÜ" * 60,
    "日本語",
    'say "hi"',
    "a\nb",
    "😀" * 75,
    "x" * 300,
    "אקדמיית הקפה (2)",
    "\u202eevil",
]
WEB = ["", f"{SHOP}/hello", f"{SHOP}?a=b", "https://SHOP.example/x", f"{SHOP}/x%7B"]
TEXTS = [
    "Only {stock} left",
    "נשארו רק {stock} ב-{store_name}",
    "{product_name} at {store_name}",
    "{{}}",
    "<&>" * 900,
    "a\nb",
]
URLS = [f"{SHOP}/p/{{product}}?s={{store_name}}", f"{SHOP}/{{campaign}}", f"{SHOP}/{{tag}}#{{stock}}", SHOP]
HOURS = ["24/7", "Mo-Fr 08:00-20:00; PH off", "sunrise-sunset", '24/7 unknown "x"', "22:00-05:00", "Sa 26:00-28:00"]
PLACES = [
    {},
    {"region": "BY"},
    {"country": "PA"},
    {"coordinates": [52.5, 13.4]},
    {"region": "BE", "coordinates": [5, 9]},
]
SCHEDULES = [
    {"from": "1970-01-01", "until": "8999-12-31"},
    {"until": "2026-03-29T02:30", "days": ["Su"]},
    {"hours": "22:00-02:00", "from": "2026-03-29T02:30+01:00"},
]
NUMBERS = [0, 1, 3, 10**5, 2**31 - 1]
WRONG_NUMBERS = [-1, 2**31, -(2**31) - 1, 2**63 - 1, 2**63, 10**30]
WRONG_TEXTS = ["{stock:d}", "{nope}", "{", "}", "x" * 12_000, "\x1b"]


class Draw:
    """Draws values, one of ten of them wrong; the check decides which of the right ones are wrong too."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def of(self, right: Sequence[Any], wrong: Sequence[Any] = ()) -> Any:
        return self.chance.choice(wrong if wrong and self.chance.random() < 0.1 else right)

    def about(self) -> dict[str, Any]:
        language = {"language": self.of(LANGUAGES, ["german", "de_DE"])}
        runs = {"direction": self.of(["", "ltr", "rtl"], ["left"])}
        look = {
            "primary": self.of(["#1b1b1f", "#0b5d3b", "#767676"], ["#fff", "#fafaf7"]),
            "text": self.of(["#000000", "#1B1B1F"], ["#cccccc"]),
            "logo": self.of(["", "https://cdn.example/p/logo.svg"], ["https://evil.example/"]),
        }
        ways = {
            "directions": self.of(["", f"{SHOP}/{{store}}?{{latitude}}"], ["https://maps.example/", f"{SHOP}/{{x}}"])
        }
        more = {
            "languages": ["ar-EG"] if language["language"] == "de" else ["de", "ar-EG"] if language["language"] else []
        }
        shown = {"look": look, "pictures": ["https://cdn.example/p"], **ways, **more}
        return ABOUT | language | runs | shown | {"query": self.of(QUERIES, [{"parameters": ["email"]}])}

    def number(self) -> int:
        return self.of(NUMBERS, WRONG_NUMBERS)  # type: ignore[no-any-return]

    def store(self) -> dict[str, Any]:
        zone = self.of(["Europe/Berlin", "America/Panama", "Pacific/Apia"], ["Mars/Base"])
        hours = self.of(HOURS, ["   ", "(sunset+20:44)-29:00", "24/7; SH off"])
        shown = {
            "address": self.of(["", *NAMES]),
            "pick_up": self.of([True, False]),
            "texts": self.texts("name", "address"),
        }
        return {
            "id": "s",
            "name": self.of(NAMES, ["x" * 301]),
            "time_zone": zone,
            "hours": hours,
            **self.of(PLACES),
            **shown,
        }

    def texts(self, *fields: str) -> dict[str, Any]:
        language = self.of(["de", "ar-EG"], ["fr", "DE"])
        return self.of([{}, {language: {field: self.of(TEXTS) for field in fields}}])  # type: ignore[no-any-return]

    def product(self) -> dict[str, Any]:
        return {
            "id": self.of(["KB-1", "ö", "a.b"], [".."]),
            "name": self.of(NAMES),
            "category": self.of(["", "tea", *NAMES]),
            "price": self.of([None, "9.90", 0, 10**9, "0.0001"], ["-1", "NaN", "1e30", "0.00001"]),
            "rating": self.of([None, "4.6", 5], ["5.1", "Infinity"]),
            "ratings": self.of([None, 1, 10**12], [0, 2**63]),
            "picture": self.of(
                ["", f"{SHOP}/a.webp", "https://cdn.example/p/a.webp"], ["javascript:alert(1)", f"{SHOP}/'"]
            ),
            "steps": self.of([[], ["a", "<b>", "נשארו"], ["x" * 300] * 12], [["a"] * 13]),
            "texts": self.texts("name"),
        }

    def tag(self) -> dict[str, Any]:
        place = {"placement": self.of(["shelf", "door"]), "store": self.of(["s", "s", ""])}
        place["product"] = self.of(["KB-1", "KB-1", ""])
        fallback = self.of(WEB, [f"{SHOP}/{{tag}}", "https://", f"{SHOP}/.."])
        return {"id": self.of(["t", "t.1", "日"]), **place, "campaign": self.of(["", *NAMES]), "fallback": fallback}

    def route(self) -> dict[str, Any]:
        when: dict[str, Any] = {
            "placements": self.of([[], [], ["shelf"]], [["shelff"]]),
            "categories": self.of([[], [], ["tea"]]),
        }
        for field in ("stock_at_least", "stock_at_most", "visits_at_least", "purchases_at_least", "bought_within_days"):
            if self.chance.random() < 0.06:
                when[field] = self.number()
        for field in ("open", "bought", "in_store"):
            if self.chance.random() < 0.08:
                when[field] = self.of([True, False])
        if self.chance.random() < 0.1:
            when["spent_at_least"] = self.of(["9.90", 0.01], ["1e99", "NaN"])
        when["experiment"] = self.of([{}, {"ö.1": "a"}, {"ö.1": "b"}], [{"ö.1": "z"}, {"gone": "a"}, {"ö.1": None}])
        texts = {field: self.of(TEXTS, WRONG_TEXTS) for field in ("title", "text", "label")}
        action = {"url": self.of(URLS, [f"{SHOP}/.."]), "kind": self.of(["page", "redirect"]), **texts}
        texts |= {"steps": self.of([[], TEXTS[:4]], [WRONG_TEXTS[:1]]), "texts": self.texts("title", "text", "label")}
        order = {"id": self.of(["r", "r" * 100]), "priority": self.number(), "promotes_product": self.of([True, False])}
        if self.chance.random() < 0.5:
            order["if"] = self.of([random_condition(self.chance, CONTEXT)], ["place ==", "visits > 1"])
        if self.chance.random() < 0.3:
            order["schedule"] = self.of(SCHEDULES, [{"from": "2026-02-30"}, {"hours": "9-5"}, {}])
        if self.chance.random() < 0.3:
            order["not_again_within"] = self.of(["7 days", "1 hour"], ["soon", "9999 days"])
        return {**order, "moment": self.of(["know", "go", "buy", "do"]), "when": when, "action": action}

    def experiment(self) -> dict[str, Any]:
        weights = [self.of([1, 1, 50, 10_000], [*WRONG_NUMBERS, 0]) for _ in range(self.of([2, 3, 10], [0, 1, 11]))]
        found = {
            "variants": [{"id": chr(ord("a") + n), "weight": weight} for n, weight in enumerate(weights)],
            "audience": self.of(
                [{}, {"visits_at_least": 2}, {"purchases_at_least": 1}], [{"experiment": {"ö.1": "a"}}]
            ),
            "coverage": self.of([1, 0, 0.5, 1e-9], [-0.1, 1.1]),
            "starts": self.of(["", "2001-01-01", "2026-03-01T08:00+01:00"], ["2026", "2026-02-30", "08:00", "9" * 300]),
            "ends": self.of(["", "9999-12-31"], ["1999-01-01", "2026-03-01T08:00"]),
            "phase": self.of([1, 2], WRONG_NUMBERS),
            "metrics": self.of([{}, {"kinds": ["scan"], "days": 1}], [{"kinds": []}, {"days": 0}, {"kinds": ["sail"]}]),
        }
        if self.chance.random() < 0.5:
            found["layer"] = self.of(
                [{"id": "l"}, {"id": "l", "begins": 0.5}], [{"id": "l", "begins": 1}, {"id": "a b"}]
            )
        if self.chance.random() < 0.5:
            found["if"] = self.of(["behaviour.visits > 1", "time.hour >= 8", "true"], ["1 +", "nothing.here", ""])
        return {"id": "ö.1", "salt": self.of(["", "2026", "😀"]), **found}

    def reward(self) -> dict[str, Any]:
        points = {"points": self.number(), "points_per_unit": self.of([0, 0, 1, 10**5], WRONG_NUMBERS)}
        if self.chance.random() < 0.5:
            points["if"] = self.of([random_condition(self.chance, REWARDS)], ["behaviour.visits > 1"])
        return {"id": "w", "version": self.number(), "on": self.of([["scan"], ["sale"]], [["skan"]]), **points}


def brand_of(draw: Draw, folder: Path) -> Brand:
    """A brand that the check accepts. What it refuses is drawn again, so that all that it accepts comes up."""
    document: dict[str, Any] = {}
    brand = None
    makers = {
        "brand": draw.about,
        "stores": draw.store,
        "products": draw.product,
        "tags": draw.tag,
        "experiments": draw.experiment,
        "routes": draw.route,
        "rewards": draw.reward,
    }
    for section, make in makers.items():
        for _ in range(DRAWS):
            tried = document | {section: make() if section == "brand" else [make()]}
            (folder / "brand.yaml").write_bytes(msgspec.json.encode(tried))
            try:
                document, brand = tried, load(folder)
                break
            except BrandError:
                continue
    assert brand is not None and document.keys() >= {"tags", "routes", "rewards"}
    return brand


def some(chance: random.Random, *choices: Any) -> Any:
    return chance.choice(choices)


def touchpoint(chance: random.Random, number: int, brand: Brand) -> TouchpointIdentified:
    """A scan, tap, sale or return, with the tag's names or any others."""
    tag = chance.choice(list(brand.tags.values()))
    type = some(chance, kinds.SCAN, kinds.NFC_TAP, kinds.SALE, kinds.RETURN)
    money = type in kinds.MONEY
    return TouchpointIdentified(
        event_id=derived("any", str(number)),
        type=type,
        occurred_at=chance.randrange(946_684_800, 4_102_444_800) * 1_000_000 + chance.randrange(1_000_000),
        received_at=0,
        source="any",
        primary_identifier="device:a",
        identifiers=("device:a",),
        person_id="p",
        source_profile_id=f"p{number % 3}",
        tag=some(chance, *[tag.id] * 8, "gone"),
        store=some(chance, *[tag.store] * 8, "", "😀" * 200),
        product=some(chance, *[tag.product] * 8, "", "😀" * 200),
        placement=tag.placement,
        campaign=some(chance, *[tag.campaign] * 8, "", "%" * 200),
        amount_micros=chance.randrange(10**18) if money else None,
        currency=some(chance, "EUR", "JPY") if money else "",
        lines=(Line(some(chance, "KB-1", "?"), 1, 5),) if money else (),
        reply_partition=0,
        language=some(chance, "", "de", "ar-EG", "en", "x" * 300),
    )


@pytest.mark.parametrize("processor", [context.PROCESSOR, rewards.PROCESSOR], ids=["context", "rewards"])
def test_nothing_raises_on_a_brand_that_passed_the_check(processor: Processor[Any], tmp_path: Path) -> None:
    chance = random.Random(draw_seed())
    for _ in range(BRANDS):
        brand = brand_of(Draw(chance), tmp_path)
        now = Reference(brand, {("s", "KB-1"): some(chance, 0, 3, 10**12)})
        state = None
        for number in range(EVENTS // BRANDS):
            step = processor.step(state, touchpoint(chance, number, brand), now)
            state = step.state if number % 20 else None
            for effect in step.effects:
                if isinstance(effect, Emit):
                    assert len(CODEC.record(effect.event)[2]) < 1_000_000
                    if isinstance(effect.event, ScanRouted):
                        assert_served(effect.event, brand)


def test_any_link_on_a_brand_that_passed_the_check_is_recorded_and_led_somewhere(tmp_path: Path) -> None:
    chance = random.Random(draw_seed())
    odd = [".", "/", "%00", "\u200b", "%", "\ud800", "é", "?x=", "日", "A", "#", "\n"]
    for _ in range(BRANDS):
        brand = brand_of(Draw(chance), tmp_path)
        view = build_brand_view(brand, bytes(32))
        for number in range(EVENTS // BRANDS // 10):
            tag = chance.choice(list(brand.tags.values()))
            written = some(chance, "", tag.id, tag.id.upper()) + "".join(chance.choices(odd, k=chance.randrange(4)))
            name = some(chance, "utm_source", "REF", "shelf.edge", "x" * 50, "email")
            query = f"{name}={''.join(chance.choices(odd, k=3))}&{number}".encode(errors="replace")
            found, parameters = view.tags.find(written), view.query.recorded(query)
            assert found is None or found.id in brand.tags
            event = (
                build_unknown_touchpoint(view, UnknownTags().recorded(written, 1), "A" * 22, number, parameters)
                if found is None
                else build_touchpoint(view, found, "A" * 22, number, 0, parameters)
            )
            assert len(CODEC.record(event)[2]) < 10_000
            address = with_parameters(brand.about.fallback if found is None else brand.fallback_of(found), parameters)
            assert is_registered(address, brand.about.destinations)
            assert link_of("https://go.example", tag.id).isascii()


def assert_served(routed: ScanRouted, brand: Brand) -> None:
    """The phone gets the answer: its address is registered, its page within its limit."""
    names = (routed.store, msgspec.json.decode(routed.inputs)["product"])
    known = all(len(name) < 200 for name in names) and "%25%25" not in routed.destination
    if known:
        assert is_registered(routed.destination, brand.about.destinations), routed.destination
    if routed.action == "page" and known:
        page = Page(routed.title, routed.text, routed.label, routed.destination, routed.content)
        shown = landing_page(page, surroundings_of(brand))
        assert len(shown.whole(b"x" * 200)) + len(shown.policy) + 400 < MAX_PAGE_BYTES
