"""Pages as the stream decides them and the gateway shows them, of the demo brand: one for each moment and language."""

from datetime import datetime

from msgspec.structs import replace

from deploy.local.settings import DEMO_BRAND
from gateway.landing.page import Page, Surroundings, surroundings_of
from processors.context import core as context
from processors.context.state import Visitor
from processors.reference import Reference
from processors.step import Emit
from schemas.brand.action import ActionTexts
from schemas.brand.load import load
from schemas.brand.model import Action, Brand, Product, Route, Store
from schemas.brand.products import ProductTexts
from schemas.brand.routes import Moment
from schemas.brand.stores import StoreTexts
from schemas.content import Capacity, read, written
from schemas.events import ScanRouted, TouchpointIdentified
from schemas.ids import derived

FRIDAY_NOON = datetime.fromisoformat("2026-11-27T12:00:00+01:00")
SHOP = "https://shop.example"
STOCK = {
    ("berlin-mitte", "KB-101"): 2,
    ("berlin-mitte", "KB-103"): 0,
    ("berlin-kreuzberg", "KB-103"): 14,
    ("lisbon-chiado", "KB-103"): 3,
    ("lisbon-chiado", "KB-301"): 24,
}
ARABIC = ActionTexts(
    title="بقيت {stock} فقط",
    text="{product_name} على وشك النفاد في {store_name}. نحتفظ لك بواحدة لمدة 30 دقيقة.",
    label="احجز لي واحدة",
    steps=("افتح العبوة.", "اطحن 18 غرامًا.", "اسكب الماء ببطء."),
)


def landing_brand(picture: str = "", logo: str = "") -> Brand:
    """The demo brand with a page for each moment, and texts in Arabic as well.

    :param picture, logo: addresses on one origin.
    """
    brand = load(DEMO_BRAND)
    origin = tuple(one.rpartition("/")[0] for one in (picture, logo) if one)
    about = replace(
        brand.about,
        languages=(*brand.about.languages, "ar"),
        pictures=origin,
        look=replace(brand.about.look, logo=logo),
    )

    def of(product: Product) -> Product:
        texts = product.texts | {"ar": ProductTexts(name="قهوة إسبريسو 250 غ")}
        return replace(product, picture=picture, texts=texts)

    def at(store: Store) -> Store:
        return replace(store, texts={"ar": StoreTexts(name="كوليبري ميته", address="شارع روزنتالر 1، برلين")})

    return replace(
        brand,
        about=about,
        products={id: of(one) for id, one in brand.products.items()},
        stores={id: at(one) for id, one in brand.stores.items()},
        routes=(),
    )


def decided(brand: Brand, tag_id: str, moment: Moment, action: Action, language: str = "en") -> ScanRouted:
    """The decision on a scan of a tag of a brand with one route."""
    route = Route(id="one", priority=1, moment=moment, action=action)
    tag = brand.tags[tag_id]
    event = TouchpointIdentified(
        event_id=derived("landing", tag_id),
        type=tag.trigger,
        occurred_at=int(FRIDAY_NOON.timestamp()) * 1_000_000,
        received_at=0,
        source="scan",
        primary_identifier="device:a",
        identifiers=("device:a",),
        person_id="p",
        tag=tag_id,
        store=tag.store,
        product=tag.product,
        placement=tag.placement,
        language=language,
    )
    [effect] = context.step(Visitor(), event, Reference(replace(brand, routes=(route,)), STOCK)).effects
    assert isinstance(effect, Emit) and isinstance(effect.event, ScanRouted)
    return effect.event


def page_of(decision: ScanRouted) -> Page:
    return Page(decision.title, decision.text, decision.label, decision.destination, decision.content)


def with_capacity(decision: ScanRouted) -> ScanRouted:
    """The decision, where the store said how full it is."""
    content = read(decision.content)
    assert content is not None
    full = replace(content, capacity=(Capacity("Latte art at the bar", 4, 2, 900),))
    return replace(decision, content=written(full))


def examples(picture: str = "", logo: str = "") -> dict[str, tuple[Page, Surroundings]]:
    """A page of each kind, by name."""
    brand = landing_brand(picture, logo)
    routes = {route.id: route for route in load(DEMO_BRAND).routes}
    last = routes["shelf-last-ones"].action
    arabic = replace(last, texts=last.texts | {"ar": ARABIC})
    go = Action(
        kind="page", url=f"{SHOP}/order", title="Your next cup is near", label="Order ahead",
        text="Collect it at {store_name} without a queue.",
    )  # fmt: skip
    plain = Action(kind="page", url=SHOP, title="Good to see you", text="Two lines\nof text.", label="Go on")
    decisions = {
        "buy": decided(brand, "mitte-espresso", "buy", last),
        "buy-de": decided(brand, "mitte-espresso", "buy", last, "de"),
        "buy-ar": decided(brand, "mitte-espresso", "buy", arabic, "ar"),
        "know": decided(brand, "mitte-filter", "know", routes["shelf-sold-out"].action),
        "know-steps": decided(brand, "chiado-pourover", "know", replace(plain, title="The pour-over, explained")),
        "go": decided(brand, "poster-alex", "go", go),
        "do": with_capacity(decided(brand, "latte-art-night", "do", routes["event-check-in"].action)),
    }
    around = surroundings_of(brand)
    pages = {name: (page_of(decision), around) for name, decision in decisions.items()}
    return pages | {"plain": (Page("Good to see you", "Two lines\nof text.", "Go on", SHOP), around)}
