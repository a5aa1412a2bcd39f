"""A configuration as items for the compacted topic, and back: readers switch when a version is there as a whole."""

from collections.abc import Iterator, Mapping

import msgspec

from schemas.brand.model import About, ApiKey, Brand, Item, Likeness, Product, Reward, Route, Store, Tag
from schemas.events import BrandConfigured
from schemas.ids import derived, digest

CLASSES: dict[str, type[Item]] = {
    "store": Store,
    "product": Product,
    "tag": Tag,
    "route": Route,
    "reward": Reward,
    "api_key": ApiKey,
    "likeness": Likeness,
    "brand": About,
}
"""Kinds in the order in which they are written; the brand itself comes last and makes the version live."""


class Manifest(msgspec.Struct, frozen=True):
    """What the last item says beside the brand itself: how many items of each kind the version has."""

    about: About
    counts: dict[str, int]


def build_brand(items: Mapping[str, list[Item]]) -> Brand:
    """A brand from its items by kind. Routes come out in their total order: higher priority, then smaller id."""
    about = items["brand"][0]
    assert isinstance(about, About)
    ordered = {kind: sorted(items.get(kind, ()), key=lambda item: item.id) for kind in CLASSES}
    return Brand(
        version=digest(msgspec.json.encode(ordered, order="deterministic")),
        about=about,
        stores={i.id: i for i in ordered["store"] if isinstance(i, Store)},
        products={i.id: i for i in ordered["product"] if isinstance(i, Product)},
        tags={i.id: i for i in ordered["tag"] if isinstance(i, Tag)},
        routes=tuple(sorted((i for i in ordered["route"] if isinstance(i, Route)), key=lambda r: (-r.priority, r.id))),
        rewards=tuple(i for i in ordered["reward"] if isinstance(i, Reward)),
        api_keys=tuple(i for i in ordered["api_key"] if isinstance(i, ApiKey)),
        likeness={i.id: i for i in ordered["likeness"] if isinstance(i, Likeness)},
    )


def items_of(brand: Brand) -> dict[str, list[Item]]:
    return {
        "store": list(brand.stores.values()),
        "product": list(brand.products.values()),
        "tag": list(brand.tags.values()),
        "route": list(brand.routes),
        "reward": list(brand.rewards),
        "api_key": list(brand.api_keys),
        "likeness": list(brand.likeness.values()),
        "brand": [brand.about],
    }


def events_of(brand: Brand, applied_at: int, before: Mapping[str, str]) -> Iterator[BrandConfigured]:
    """The events that make ``brand`` live.

    :param applied_at: time in microseconds. :param before: key → version of what the topic holds now; items that are
        gone from the configuration are withdrawn with an empty body, after the new version is live.
    """
    items = items_of(brand)
    counts = {kind: len(of_kind) for kind, of_kind in items.items()}
    keys = set()
    for kind, of_kind in items.items():
        for item in of_kind:
            keys.add(f"{kind}/{item.id}")
            content = Manifest(about=item, counts=counts) if isinstance(item, About) else item
            yield _event(kind, item.id, brand.version, msgspec.json.encode(content).decode(), applied_at)
    for key in sorted(before.keys() - keys):
        kind, _, identity = key.partition("/")
        yield _event(kind, identity, brand.version, "", applied_at)


def _event(kind: str, identity: str, version: str, body: str, applied_at: int) -> BrandConfigured:
    return BrandConfigured(
        event_id=derived("brand", kind, identity, version, body),
        occurred_at=applied_at,
        kind=kind,
        id=identity,
        version=version,
        body=body,
    )


class BrandFold:
    """Folds brand-configured events in topic order; ``brand`` is the last version that arrived as a whole, or None."""

    def __init__(self) -> None:
        self.brand: Brand | None = None
        self.versions: dict[str, str] = {}
        self._bodies: dict[str, dict[str, tuple[str, str]]] = {kind: {} for kind in CLASSES}

    def apply(self, event: BrandConfigured) -> bool:
        """Takes one event; True when a version became live with it."""
        if event.kind not in CLASSES:
            return False
        of_kind = self._bodies[event.kind]
        if not event.body:
            of_kind.pop(event.id, None)
            self.versions.pop(f"{event.kind}/{event.id}", None)
            return self._complete()
        of_kind[event.id] = (event.version, event.body)
        self.versions[f"{event.kind}/{event.id}"] = event.version
        return self._complete()

    def _complete(self) -> bool:
        # Partitions of the topic interleave, so any event may be the one that completes a version.
        for version, body in self._bodies["brand"].values():
            if self.brand is not None and version == self.brand.version:
                continue
            manifest = msgspec.json.decode(body, type=Manifest)
            items: dict[str, list[Item]] = {
                kind: [msgspec.json.decode(b, type=CLASSES[kind]) for v, b in of_kind.values() if v == version]
                for kind, of_kind in self._bodies.items()
                if kind != "brand"
            }
            if all(len(items[kind]) == count for kind, count in manifest.counts.items() if kind != "brand"):
                self.brand = build_brand({**items, "brand": [manifest.about]})
                return True
        return False
