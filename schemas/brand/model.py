"""A whole brand, and its sections: what is a field of ``Brand`` is a section of the YAML files and a kind of items.

To add a section: a file with its item class, and a field here. Files are read by load.py; items.py carries a brand over
Kafka.
"""

from dataclasses import dataclass
from typing import Any, get_args, get_origin

import msgspec

from schemas.brand.about import About, Channel
from schemas.brand.action import Action
from schemas.brand.api_keys import ApiKey
from schemas.brand.campaigns import Campaign
from schemas.brand.consent import Consent
from schemas.brand.coupon_pools import CouponPool
from schemas.brand.destinations import is_registered
from schemas.brand.experiments import Experiment
from schemas.brand.guards import Guards
from schemas.brand.holdout import Holdout
from schemas.brand.item import Item
from schemas.brand.loyalty import Loyalty
from schemas.brand.matching import Matching
from schemas.brand.products import Product
from schemas.brand.referral import Referral
from schemas.brand.retention import Retention
from schemas.brand.rewards import Reward
from schemas.brand.routes import Route, When
from schemas.brand.stores import Store
from schemas.brand.surveys import Survey
from schemas.brand.tags import Tag
from schemas.brand.tiers import Tier

__all__ = [
    "SECTIONS",
    "About",
    "Action",
    "ApiKey",
    "Brand",
    "Campaign",
    "Channel",
    "Consent",
    "CouponPool",
    "Experiment",
    "Guards",
    "Holdout",
    "Item",
    "Loyalty",
    "Matching",
    "Product",
    "Referral",
    "Retention",
    "Reward",
    "Route",
    "Section",
    "Store",
    "Survey",
    "Tag",
    "Tier",
    "When",
    "is_registered",
]


class Brand(msgspec.Struct, frozen=True, kw_only=True):
    """A whole configuration; ``version`` is the hash of its content. A section is a dict by id, or a tuple in the order
    of ``Item.precedence``; ``about`` is a single item.
    """

    version: str
    about: About
    stores: dict[str, Store]
    products: dict[str, Product]
    tags: dict[str, Tag]
    routes: tuple[Route, ...]
    rewards: tuple[Reward, ...]
    api_keys: tuple[ApiKey, ...] = ()
    matching: dict[str, Matching] = {}
    consent: dict[str, Consent] = {}
    retention: dict[str, Retention] = {}
    experiments: dict[str, Experiment] = {}
    tiers: dict[str, Tier] = {}
    campaigns: dict[str, Campaign] = {}
    coupon_pools: dict[str, CouponPool] = {}
    referral: dict[str, Referral] = {}
    loyalty: dict[str, Loyalty] = {}
    surveys: dict[str, Survey] = {}

    @property
    def points(self) -> Loyalty | None:
        """What its points are; None: they count at once and never expire."""
        return next(iter(self.loyalty.values()), None)

    def fallback_of(self, tag: Tag) -> str:
        """Where a scan of the tag leads when no decision comes in time."""
        return tag.fallback or self.about.fallback


@dataclass(frozen=True, slots=True)
class Section:
    """A section, read off a field of ``Brand``: its name, the class of its items, and how the brand holds them."""

    field: str
    item: type[Item]
    single: bool
    by_id: bool

    @property
    def name(self) -> str:
        """Its name in the YAML files."""
        return self.item.section

    @property
    def kind(self) -> str:
        """The kind of its items on brand-configured."""
        return self.item.kind

    def items(self, brand: Brand) -> list[Item]:
        """The items that a brand has in this section."""
        held: Any = getattr(brand, self.field)
        if self.single:
            return [held]
        return list(held.values() if self.by_id else held)

    def held(self, items: list[Item]) -> Any:
        """The value of the brand's field for these items, which are sorted by id."""
        if self.single:
            return items[0]
        if self.by_id:
            return {item.id: item for item in items}
        return tuple(sorted(items, key=lambda item: item.precedence()))


def _sections() -> tuple[Section, ...]:
    found = []
    for field in msgspec.structs.fields(Brand):
        arguments = [one for one in (field.type, *get_args(field.type)) if isinstance(one, type)]
        items = [one for one in arguments if issubclass(one, Item)]
        if items:
            container = get_origin(field.type)
            found.append(Section(field.name, items[0], single=container is None, by_id=container is dict))
    return tuple(found)


SECTIONS = _sections()
"""Every section, in the order of the fields."""
