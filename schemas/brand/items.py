"""A configuration as items on the compacted topic.

A version is written as what changed, in one transaction. The brand's own item says what all the others are when the
version is whole; ``fold.py`` reads it.
"""

from collections import Counter
from collections.abc import Mapping
from hashlib import blake2b

import msgspec

from schemas.brand.campaigns import Campaign
from schemas.brand.consent import Consent
from schemas.brand.coupon_pools import CouponPool
from schemas.brand.experiments import Experiment
from schemas.brand.loyalty import Loyalty
from schemas.brand.model import SECTIONS, About, Brand, Item
from schemas.brand.referral import Referral
from schemas.brand.retention import Retention
from schemas.brand.surveys import Survey
from schemas.brand.tiers import Tier
from schemas.brand.versioned import version_body
from schemas.events import BrandConfigured
from schemas.ids import derived, digest

WRITTEN = tuple(sorted(SECTIONS, key=lambda section: section.single))
"""Sections in the order in which they are published; the brand itself comes last."""
CLASSES: dict[str, type[Item]] = {section.kind: section.item for section in WRITTEN}
"""Class of the items of each kind, in that order."""
OTHERS = tuple(kind for kind in CLASSES if kind != About.kind)
ADDED = (
    Consent.kind,
    Retention.kind,
    Experiment.kind,
    Tier.kind,
    Campaign.kind,
    CouponPool.kind,
    Referral.kind,
    Survey.kind,
    Loyalty.kind,
)
"""Kinds of later releases: a brand that does not use them has the version that releases before them gave it."""
Held = tuple[str, str]
"""Version and body of an item on the topic."""
CONTENT_BYTES = 16
CONTENT_RANGE = 1 << 8 * CONTENT_BYTES


class Manifest(msgspec.Struct, frozen=True):
    """Body of the brand's own item: the brand itself, how many items of each kind the version has, and their content:
    by kind the sum of their hashes in hexadecimal digits. Before 0.3 there was no content, and every item came with
    the version.
    """

    about: About
    counts: dict[str, int]
    content: dict[str, str] = {}


def version_of(items: Mapping[str, list[Item]]) -> str:
    """The version of a brand with these items by kind, in whatever order: the hash of their content."""
    ordered = {kind: [item for item in of_kind if not item.is_past] for kind, of_kind in _ordered(items).items()}
    for kind in ADDED:
        if not ordered[kind]:
            del ordered[kind]
    bodies = {kind: version_body(ordered[kind], CLASSES[kind]) for kind in sorted(ordered)}
    return digest(msgspec.json.encode(bodies))


def build_brand(items: Mapping[str, list[Item]], version: str = "") -> Brand:
    """A brand from its items by kind. Routes come out in their total order: higher priority, then smaller id.

    :param version: empty: that of the items.
    """
    ordered = _ordered(items)
    return Brand(
        version=version or version_of(items),
        **{section.field: section.held(ordered[section.kind]) for section in SECTIONS},
    )


def _ordered(items: Mapping[str, list[Item]]) -> dict[str, list[Item]]:
    return {kind: sorted(items.get(kind, ()), key=lambda item: item.id) for kind in CLASSES}


def items_of(brand: Brand) -> dict[str, list[Item]]:
    """The brand's items by kind, in the order in which they are published."""
    return {section.kind: section.items(brand) for section in WRITTEN}


def events_of(brand: Brand, applied_at: int, before: Mapping[str, Held]) -> list[BrandConfigured]:
    """The events that make ``brand`` live, to be written together: what changed, the brand itself, what is gone; none
    when it is live already.

    :param applied_at: time in microseconds. :param before: what the topic holds now, by key.
    """
    items = items_of(brand)
    counts = {kind: len(of_kind) for kind, of_kind in items.items()}
    totals: Counter[str] = Counter()
    bodies = {}
    for kind, of_kind in items.items():
        for item in of_kind:
            if kind != About.kind:
                body = bodies[f"{kind}/{item.id}"] = msgspec.json.encode(item).decode()
                totals[kind] += content_hash(kind, item.id, body)
    content = {kind: f"{totals[kind] % CONTENT_RANGE:x}" for kind in items if kind != About.kind}
    manifest = msgspec.json.encode(Manifest(brand.about, counts, content)).decode()
    own = f"{About.kind}/{brand.about.id}"

    events = [
        _event(key, brand.version, body, applied_at)
        for key, body in bodies.items()
        if key not in before or before[key][1] != body
    ]
    gone = [_event(key, brand.version, "", applied_at) for key in sorted(before.keys() - bodies.keys() - {own})]
    if events or gone or before.get(own) != (brand.version, manifest):
        events.append(_event(own, brand.version, manifest, applied_at))
    return events + gone


def _event(key: str, version: str, body: str, applied_at: int) -> BrandConfigured:
    kind, _, identity = key.partition("/")
    return BrandConfigured(
        event_id=derived("brand", kind, identity, version, body),
        occurred_at=applied_at,
        kind=kind,
        id=identity,
        version=version,
        body=body,
    )


def content_hash(kind: str, identity: str, body: str) -> int:
    """Hash of an item. Sums of hashes say whether two sets of items are the same, and follow a change at once."""
    text = f"{kind}/{identity}\x1f{body}".encode()
    return int.from_bytes(blake2b(text, digest_size=CONTENT_BYTES).digest(), "big")
