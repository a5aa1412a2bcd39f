"""What a page shows beside its texts: facts of the product, the store and the stores nearby, as schemas/content.py
has them. Thousands of scans share a page, so it is remembered by the facts that it consists of."""

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from processors.context.answer import Answer
from processors.context.inputs.nearest import neighbours
from processors.context.questions import question_facts
from processors.context.situation import Situation
from processors.reference import Reference
from schemas.brand.item import directions_to
from schemas.brand.model import Brand, Product, Store
from schemas.brand.opening import Hours as OpeningHours
from schemas.brand.opening import hours_of, is_open, open_spans
from schemas.content import (
    EMPTY,
    MAX_NEARBY,
    MAX_SERVICES,
    VERSION,
    Capacity,
    Content,
    Hours,
    ProductFacts,
    QuestionFacts,
    StoreFacts,
    written,
)

PRODUCT_LAYOUTS: Final = frozenset({"know", "buy"})
GO: Final = "go"
SERVICE_LAYOUTS: Final = frozenset({GO, "do"})
CONTENTS: Final = "contents"
"""Key of what is remembered in ``Reference.memo``."""
CONTENTS_CACHED: Final = 2_000
"""Of some 2 KB."""
NEIGHBOURS_LOOKED_AT: Final = 30
"""Of a store, the nearest."""
NEARBY_M: Final = 50_000
"""Further away nobody goes for a product."""
DAYS_AHEAD: Final = 8

Near = tuple[str, int, int | None, Hours]
"""A store nearby: its id, its distance in metres, its stock of the product, its hours."""


class ContentKey(msgspec.Struct, frozen=True):
    """Everything that a page's content depends on, beside the brand."""

    moment: str
    language: str
    steps: tuple[str, ...]
    store: str
    product: str
    stock: int | None
    hours: Hours
    nearby: tuple[Near, ...]
    capacity: tuple[Capacity, ...]
    question: QuestionFacts | None = None


def page_content(answer: Answer, situation: Situation, occurred_at: int, reference: Reference) -> str:
    """The content of an answer's page as JSON; empty for a redirect. :param occurred_at: of the scan, microseconds."""
    if answer.action != "page":
        return EMPTY
    minute = occurred_at // 60_000_000
    store = reference.brand.stores.get(situation.store)
    key = ContentKey(
        moment=answer.moment,
        language=answer.language,
        steps=answer.steps,
        store=situation.store,
        product=situation.product,
        stock=situation.stock,
        hours=Hours() if store is None else _hours(hours_of(store, reference.brand.about.country), minute),
        nearby=() if store is None else _nearby(answer.moment, store, situation, minute, reference),
        capacity=_capacity(answer.moment, situation.store, occurred_at, reference),
        question=question_facts(situation, answer.language, reference.brand),
    )
    contents: dict[ContentKey, str] = reference.memo.setdefault(CONTENTS, {})
    found = contents.get(key)
    if found is None:
        if len(contents) >= CONTENTS_CACHED:
            contents.clear()
        found = contents[key] = written(content_of(key, reference.brand))
    return found


def content_of(key: ContentKey, brand: Brand) -> Content:
    """The content, from its key and the brand alone."""
    store, product = brand.stores.get(key.store), brand.products.get(key.product)
    steps = key.steps
    if not steps and product is not None and key.moment != GO:
        steps = product.texts_in(key.language).steps
    return Content(
        layout=key.moment,
        language=key.language,
        product=None if product is None else _product(product, store, key, brand),
        store=None if store is None else _store(store, key.hours, key.language, brand),
        nearby=tuple(_near(near, key.language, brand) for near in key.nearby),
        steps=steps,
        capacity=key.capacity,
        version=VERSION,
        question=key.question,
    )


def _product(product: Product, store: Store | None, key: ContentKey, brand: Brand) -> ProductFacts:
    return ProductFacts(
        id=product.id,
        name=product.texts_in(key.language).name,
        picture=product.picture,
        price=product.price,
        currency=brand.about.currency if product.price is not None else "",
        rating=product.rating,
        ratings=product.ratings,
        stock=key.stock,
        pick_up=store is not None and store.pick_up and bool(key.stock and key.stock > 0),
    )


def _store(store: Store, hours: Hours, language: str, brand: Brand) -> StoreFacts:
    texts, directions = store.texts_in(language), brand.about.directions
    needs_place = "{latitude}" in directions or "{longitude}" in directions
    if not directions or (needs_place and store.coordinates is None):
        way = ""
    else:
        way = directions_to(directions, store.id, store.coordinates or (0.0, 0.0))
    return StoreFacts(id=store.id, name=texts.name, address=texts.address, hours=hours, directions=way)


def _near(near: Near, language: str, brand: Brand) -> StoreFacts:
    id, distance_m, stock, hours = near
    facts = _store(brand.stores[id], hours, language, brand)
    return msgspec.structs.replace(facts, distance_m=distance_m, stock=stock)


def _nearby(moment: str, store: Store, now: Situation, minute: int, reference: Reference) -> tuple[Near, ...]:
    """On the way, the nearest stores; before a product that is sold out, the nearest that have it."""
    sold_out = moment in PRODUCT_LAYOUTS and now.stock is not None and now.stock <= 0
    if store.coordinates is None or not (moment == GO or sold_out):
        return ()
    found: list[Near] = []
    for distance_m, id in neighbours(store.id, reference)[:NEIGHBOURS_LOOKED_AT]:
        if distance_m > NEARBY_M:
            break
        stock = reference.stock.get((id, now.product)) if now.product else None
        if sold_out and not (stock and stock > 0):
            continue
        hours = _hours(hours_of(reference.brand.stores[id], reference.brand.about.country), minute)
        found.append((id, distance_m, stock, hours))
        if len(found) == MAX_NEARBY:
            break
    return tuple(found)


def _capacity(moment: str, store: str, now: int, reference: Reference) -> tuple[Capacity, ...]:
    """On the way and for what is done there: what services of the store reported, as long as that holds."""
    if moment not in SERVICE_LAYOUTS or not (reports := reference.capacity.get(store)):
        return ()
    fresh = sorted((one for one in reports.values() if now < one.expires_at), key=lambda one: one.service)
    return tuple(Capacity(one.service, one.free, one.queue_length, one.wait_s) for one in fresh[:MAX_SERVICES])


@lru_cache(4096)
def _hours(hours: OpeningHours, minute: int) -> Hours:
    """A store's hours at a minute (since 1970, UTC)."""
    local = datetime.fromtimestamp(minute * 60, ZoneInfo(hours.time_zone))
    now, offset = local.replace(tzinfo=None), local.isoformat()[16:].removeprefix(":00")
    open_now, spans = is_open(hours, now), open_spans(hours, now.date())
    today = tuple(
        (_clock(start), _clock(end)) for start, end in spans if start.date() == now.date() and end is not None
    )
    until, opens = "", ""
    if open_now:
        ends = next((end for start, end in spans if start <= now and (end is None or now < end)), None)
        until = "" if ends is None else f"{ends.isoformat(timespec='minutes')}{offset}"
    elif open_now is False:
        begins = _next_opening(hours, now)
        opens = "" if begins is None else f"{begins.isoformat(timespec='minutes')}{offset}"
    return Hours(open_now, until, opens, today, now.date().isoformat())


def _next_opening(hours: OpeningHours, now: datetime) -> datetime | None:
    first: date = now.date()
    days = (first + timedelta(days=ahead) for ahead in range(DAYS_AHEAD))
    return next((start for day in days for start, _ in open_spans(hours, day) if start > now), None)


def _clock(at: datetime) -> str:
    return at.strftime("%H:%M")
