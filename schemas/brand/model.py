"""The brand's configuration as frozen values. Files are read by load.py; items.py carries them over Kafka."""

from decimal import Decimal
from typing import Literal

import msgspec

from schemas.likeness.model import Model

Moment = Literal["know", "go", "buy", "do"]
"""The micro-moments: wanting to know, to go somewhere, to buy, to do something."""
PlacementKind = Literal[
    "store",
    "zone",
    "product",
    "shelf",
    "packaging",
    "poster",
    "receipt",
    "screen",
    "event",
    "staff_badge",
    "door",
    "till",
]
DEFAULT_TOUCH_TYPES = (
    "scan",
    "nfc_tap",
    "ad_click",
    "message_clicked",
    "event_checkin",
    "portal_login",
    "page_view",
)


class Item(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Anything that a configuration file lists; ``id`` is unique within its kind."""

    id: str


class Channel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of the channel grouping: the first whose conditions all hold names a touch's channel. Empty matches."""

    channel: str
    type: str = ""
    placement: str = ""
    campaign: str = ""


class Guards(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What keeps identifiers from joining strangers. Types are the built-in ones and the brand's ``identifier_types``.

    ``neighbours``: with how many others an identifier of a type may have been seen before it counts as shared and
    joins nobody; ``per_person``: how many identifiers of a type one person may have; 0 lets none of the type join at
    all. Both leave built-in limits as they are for types that they do not name. ``person_size`` bounds a person's
    identifiers in all; beyond it they are in quarantine until an operator has settled it. ``never_stitch``: classes of
    devices that many people use, as events name them in ``properties.device_class``.
    """

    neighbours: dict[str, int] = {}
    per_person: dict[str, int] = {}
    person_size: int = 50
    never_stitch: tuple[str, ...] = ("kiosk", "till", "staff")


class Holdout(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """People who get the fallback of every tag, so that it can be said what the answers are worth.

    ``share`` of all people, 0 to 0.5 in steps of 0.0001; ``salt`` draws them: another salt draws others.
    """

    share: float = 0.0
    salt: str = ""


class About(Item, frozen=True):
    """The brand itself.

    ``destinations`` are the address prefixes that a phone may be sent to; ``fallback`` answers where nothing better is
    known; ``country`` (ISO 3166) reads national phone numbers; ``touch_types`` are the kinds that count as touches in
    attribution; ``identifier_types`` are types of identifiers beside the built-in ones.
    """

    name: str
    currency: str
    country: str
    fallback: str
    destinations: tuple[str, ...]
    touch_types: tuple[str, ...] = DEFAULT_TOUCH_TYPES
    channels: tuple[Channel, ...] = ()
    identifier_types: tuple[str, ...] = ()
    guards: Guards = Guards()
    holdout: Holdout = Holdout()


class Store(Item, frozen=True):
    """A store. ``hours`` is the opening_hours syntax of OpenStreetMap, local to ``time_zone`` (IANA)."""

    name: str
    time_zone: str
    hours: str = "24/7"


class Product(Item, frozen=True):
    """A product; its id is the SKU."""

    name: str
    category: str = ""


class Tag(Item, frozen=True):
    """A QR code, NFC tag or short link, and where it hangs. The trigger comes from here, never from the phone."""

    placement: PlacementKind
    trigger: Literal["scan", "nfc_tap"] = "scan"
    store: str = ""
    zone: str = ""
    product: str = ""
    campaign: str = ""
    fallback: str = ""


class When(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Conditions of a route; all that are given must hold. Stock is that of the tag's product in the tag's store.

    Of purchases those count of which something was kept. ``spent_at_least`` is what stayed paid, in the brand's
    currency; ``bought_within_days`` counts 24 hours a day, back from the scan; of ``bought_categories`` one is enough.
    """

    types: tuple[str, ...] = ()
    placements: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    open: bool | None = None
    in_store: bool | None = None
    stock_at_least: int | None = None
    stock_at_most: int | None = None
    visits_at_least: int | None = None
    bought: bool | None = None
    purchases_at_least: int | None = None
    spent_at_least: Decimal | None = None
    bought_within_days: int | None = None
    bought_categories: tuple[str, ...] = ()


class Action(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the phone gets: a redirect, or a page with one button.

    Texts and addresses may name {tag}, {store}, {store_name}, {product}, {product_name}, {campaign} and {stock}.
    """

    url: str
    kind: Literal["redirect", "page"] = "redirect"
    title: str = ""
    text: str = ""
    label: str = ""


class Route(Item, frozen=True):
    """A rule that offers an action. Order is total: higher priority first, then the smaller id.

    ``promotes_product`` routes never win when the product is known to be out of stock.
    """

    priority: int
    moment: Moment
    action: Action
    when: When = When()
    promotes_product: bool = False


class Reward(Item, frozen=True):
    """Points for an event: a fixed number, or so many for each whole unit of the currency.

    ``purchases_at_least``: for those alone who had bought as often by then, the event's own sale included; a purchase
    that was returned as a whole does not count.
    """

    version: int
    on: tuple[str, ...]
    points: int = 0
    points_per_unit: int = 0
    placements: tuple[str, ...] = ()
    purchases_at_least: int | None = None


class ApiKey(Item, frozen=True):
    """A sender. The key itself is kept nowhere: ``hash`` is ``sha256:`` and the hex SHA-256 of its text."""

    hash: str
    scopes: tuple[str, ...]
    events_per_s: int | None = None


class Likeness(Item, frozen=True):
    """What one sort of traits was trained to; its id is the sort. Written by ``footpath identity train``."""

    model: Model


class Brand(msgspec.Struct, frozen=True, kw_only=True):
    """A whole configuration, each kind by id; ``version`` is the hash of its content."""

    version: str
    about: About
    stores: dict[str, Store]
    products: dict[str, Product]
    tags: dict[str, Tag]
    routes: tuple[Route, ...]
    rewards: tuple[Reward, ...]
    api_keys: tuple[ApiKey, ...] = ()
    likeness: dict[str, Likeness] = {}

    def fallback_of(self, tag: Tag) -> str:
        """Where a scan of the tag leads when nothing is decided in time."""
        return tag.fallback or self.about.fallback


def is_registered(url: str, destinations: tuple[str, ...]) -> bool:
    """Whether a phone may be sent there: https or http, printable, and under one of the registered prefixes.

    A prefix is a whole origin or ends at a path segment: ``https://shop.example`` keeps ``shop.example.evil`` out.
    """
    if not url.isprintable() or any(bad in url for bad in ("\\", " ")):
        return False
    scheme, _, rest = url.partition("://")
    if scheme not in ("https", "http") or "@" in rest.split("/", 1)[0]:
        return False
    path = rest.partition("#")[0].partition("?")[0]
    if any(step.lower().replace("%2e", ".") in (".", "..") for step in path.split("/")):
        return False
    prefixes = (destination.rstrip("/") for destination in destinations)
    return any(url == prefix or url.startswith(prefix + "/") for prefix in prefixes)
