"""Reference data of the stories: a brand with three stores in two time zones, with the routes and rewards of a test."""

from typing import Any

import msgspec

from processors.reference import Reference
from schemas.brand.items import build_brand
from schemas.brand.model import (
    About,
    Action,
    ApiKey,
    Campaign,
    Consent,
    CouponPool,
    Experiment,
    Item,
    Loyalty,
    Product,
    Referral,
    Reward,
    Route,
    Store,
    Survey,
    Tag,
    Tier,
    When,
)

SHOP = "https://shop.example"
STORES = [
    Store(id="mitte", name="Mitte & Söhne", time_zone="Europe/Berlin", hours="Mo-Sa 08:00-20:00"),
    Store(id="bar", name="Bar", time_zone="Europe/Berlin", hours="Mo-Su 20:00-04:00"),
    Store(id="hudson", name="Hudson", time_zone="America/New_York", hours="Mo-Sa 08:00-20:00"),
]
PRODUCTS = [Product(id="KB-1", name="Espresso", category="coffee"), Product(id="KB-2", name="Oolong", category="tea")]
TAGS = [
    Tag(id="shelf", placement="shelf", store="mitte", product="KB-1"),
    Tag(id="poster", placement="poster", store="mitte", fallback=f"{SHOP}/poster"),
    Tag(id="bottle", placement="packaging", product="KB-1"),
    Tag(id="bar", placement="shelf", store="bar", product="KB-2"),
    Tag(id="overseas", placement="shelf", store="hudson", product="KB-1"),
]
SCANNED = Reward(id="scanned", version=1, on=("scan", "nfc_tap"), points=5)
BOUGHT = Reward(id="bought", version=1, on=("sale",), points_per_unit=2)
THANKS = Reward(id="thanks", version=3, on=("sale",), points=10)


def reference(
    *routes: Route,
    rewards: tuple[Reward, ...] = (SCANNED, BOUGHT),
    stock: dict[tuple[str, str], int] | None = None,
    api_keys: tuple[ApiKey, ...] = (),
    consent: tuple[Consent, ...] = (),
    experiments: tuple[Experiment, ...] = (),
    campaigns: tuple[Campaign, ...] = (),
    coupon_pools: tuple[CouponPool, ...] = (),
    tiers: tuple[Tier, ...] = (),
    referral: tuple[Referral, ...] = (),
    loyalty: tuple[Loyalty, ...] = (),
    surveys: tuple[Survey, ...] = (),
) -> Reference:
    items: dict[str, list[Item]] = {
        "brand": [
            About(id="b", name="B", currency="EUR", country="DE", fallback=f"{SHOP}/hello", destinations=(SHOP,))
        ],
        "store": list(STORES),
        "product": list(PRODUCTS),
        "tag": list(TAGS),
        "route": list(routes),
        "reward": list(rewards),
        "api_key": list(api_keys),
        "consent": list(consent),
        "experiment": list(experiments),
        "campaign": list(campaigns),
        "coupon_pool": list(coupon_pools),
        "tier": list(tiers),
        "referral": list(referral),
        "loyalty": list(loyalty),
        "survey": list(surveys),
    }
    return Reference(build_brand(items), stock or {})


def route(
    id: str,
    priority: int = 10,
    moment: Any = "buy",
    action: Action | None = None,
    promotes: bool = False,
    expression: str = "",
    **when: Any,
) -> Route:
    """A route with its conditions as keywords."""
    return Route(
        id=id,
        priority=priority,
        moment=moment,
        action=action or Action(url=f"{SHOP}/{id}"),
        when=When(**when),
        promotes_product=promotes,
        condition=expression or msgspec.UNSET,
    )
