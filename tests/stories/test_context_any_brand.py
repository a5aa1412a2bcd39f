"""Whatever brand passes the check: any scan and any sale on it is answered, posted and published, and nothing raises.

Brands are made of right and wrong pieces; the check decides which of them count.
"""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.http.pages import POLICY
from gateway.scan.action_page import action_page
from processors.context import core as context
from processors.reference import Reference
from processors.rewards import core as rewards
from processors.step import Emit, Processor
from schemas import kinds
from schemas.brand.load import BrandError, load
from schemas.brand.model import Brand, is_registered
from schemas.codec.avro import Codec
from schemas.events import Line, ScanRouted, TouchpointIdentified
from schemas.ids import derived
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
        return ABOUT | language | runs | {"query": self.of(QUERIES, [{"parameters": ["email"]}])}

    def number(self) -> int:
        return self.of(NUMBERS, WRONG_NUMBERS)  # type: ignore[no-any-return]

    def store(self) -> dict[str, Any]:
        zone = self.of(["Europe/Berlin", "America/Panama", "Pacific/Apia"], ["Mars/Base"])
        hours = self.of(HOURS, ["   ", "(sunset+20:44)-29:00", "24/7; SH off"])
        return {"id": "s", "name": self.of(NAMES, ["x" * 301]), "time_zone": zone, "hours": hours, **self.of(PLACES)}

    def product(self) -> dict[str, Any]:
        return {
            "id": self.of(["KB-1", "ö", "a.b"], [".."]),
            "name": self.of(NAMES),
            "category": self.of(["", "tea", *NAMES]),
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
        texts = {field: self.of(TEXTS, WRONG_TEXTS) for field in ("title", "text", "label")}
        action = {"url": self.of(URLS, [f"{SHOP}/.."]), "kind": self.of(["page", "redirect"]), **texts}
        order = {"id": self.of(["r", "r" * 100]), "priority": self.number(), "promotes_product": self.of([True, False])}
        return {**order, "moment": "buy", "when": when, "action": action}

    def reward(self) -> dict[str, Any]:
        points = {"points": self.number(), "points_per_unit": self.of([0, 0, 1, 10**5], WRONG_NUMBERS)}
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


def assert_served(routed: ScanRouted, brand: Brand) -> None:
    """The phone gets the answer: its address is registered, its page within its limit."""
    names = (routed.store, msgspec.json.decode(routed.inputs)["product"])
    known = all(len(name) < 200 for name in names) and "%25%25" not in routed.destination
    if known:
        assert is_registered(routed.destination, brand.about.destinations), routed.destination
    if routed.action == "page" and known:
        texts = (routed.title, routed.text, routed.label, routed.destination)
        page = action_page(*texts, brand.about.language, brand.about.text_direction)
        assert len(page) + len(POLICY) + 500 < MAX_PAGE_BYTES
