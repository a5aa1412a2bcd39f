"""A small brand, whole and right, for tests to change one thing in."""

from pathlib import Path

import msgspec

from schemas.brand.items import build_brand
from schemas.brand.model import About, Action, ApiKey, Brand, Product, Reward, Route, Store, Tag

YAML = """\
brand:
  id: kolibri
  name: Kolibri
  currency: EUR
  country: DE
  fallback: https://shop.example/hello
  destinations: [https://shop.example]
stores:
  - {id: mitte, name: Mitte, time_zone: Europe/Berlin, hours: "Mo-Fr 08:00-20:00"}
products:
  - {id: KB-1, name: Espresso, category: coffee}
tags:
  - {id: shelf-1, placement: shelf, store: mitte, product: KB-1}
routes:
  - id: buy
    priority: 10
    moment: buy
    when: {placements: [shelf], types: [scan]}
    action: {url: "https://shop.example/p/{product}"}
rewards:
  - {id: scan, version: 1, on: [scan], points: 5}
"""


def write(folder: Path, text: str = YAML, name: str = "brand.yaml") -> Path:
    (folder / name).write_text(text)
    return folder


def brand(tags: int = 1, name: str = "Kolibri") -> Brand:
    """A brand with so many tags."""
    url = "https://shop.example"
    return build_brand(
        {
            "brand": [About(id="kolibri", name=name, currency="EUR", country="DE", fallback=url, destinations=(url,))],
            "store": [Store(id="mitte", name="Mitte", time_zone="Europe/Berlin")],
            "product": [Product(id="KB-1", name="Espresso")],
            "tag": [Tag(id=f"shelf-{number}", placement="shelf", store="mitte") for number in range(tags)],
            "route": [Route(id="buy", priority=1, moment="buy", action=Action(url=url))],
            "reward": [Reward(id="scan", version=1, on=("scan",), points=5)],
            "api_key": [ApiKey(id="till", hash="sha256:" + "0" * 64, scopes=("events:till",))],
        }
    )


def same(first: Brand | None, second: Brand) -> bool:
    return first is not None and msgspec.json.encode(first) == msgspec.json.encode(second)
