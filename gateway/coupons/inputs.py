"""What a till says of a coupon: JSON to a request for the stream."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from gateway.brand.live import BrandView
from gateway.events_api.errors import ValidationError, from_msgspec
from gateway.events_api.inputs import MAX_LINES
from gateway.events_api.parse_values import (
    check_minor_units,
    parse_amount,
    parse_currency,
    parse_id,
    parse_name,
    parse_reference,
    parse_sku,
    parse_time,
)
from schemas.brand.model import ApiKey
from schemas.coupons.basket import Basket, Line, written_basket
from schemas.events import CouponRequested
from schemas.ids import event_id_of

MAX_NAME_CHARS: Final = 300
REDEEM: Final = "redeem"
Name = Annotated[str, Meta(max_length=MAX_NAME_CHARS)]


class BasketLine(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A line: ``amount`` is what all its units cost, a decimal, as ``quantity`` is."""

    sku: Annotated[str, Meta(min_length=1, max_length=MAX_NAME_CHARS)]
    amount: Any
    quantity: Any = 1


class BasketInput(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A basket before coupons. Coupons of baskets with one ``id`` meet; without an id nobody knows of the others."""

    total: Any
    currency: str = ""
    id: str = ""
    lines: Annotated[tuple[BasketLine, ...], Meta(max_length=MAX_LINES)] = ()


class CouponInput(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """``redemption_id``: of the till's use of the coupon; whoever asks again with it is told the same.
    ``sale_event_id`` names the sale (the event_id that it has or will have), by which refunds give the coupon back.
    With ``occurred_at`` (RFC 3339) the till was offline then and has given the discount already."""

    redemption_id: str
    store: Name = ""
    basket: BasketInput | None = None
    sale_event_id: str = ""
    occurred_at: Annotated[str, Meta(max_length=64)] = ""


_decoder = msgspec.json.Decoder(CouponInput)


def parse_coupon_request(
    body: bytes, action: str, code: str, key: ApiKey, brand_view: BrandView, now: int, request_id: str
) -> CouponRequested:
    """The request for the stream, without its reply partition.

    :param code: normalised. :param now: microseconds.
    :raises ValidationError: a field cannot be used. :raises msgspec.DecodeError: it is no JSON.
    """
    try:
        given = _decoder.decode(body)
    except msgspec.ValidationError as error:
        raise from_msgspec(error) from None
    store = parse_name(given.store, "store", brand_view.brand.stores, brand_view.pseudonyms)
    occurred_at = min(parse_time(given.occurred_at, now), now) if given.occurred_at else now
    if given.occurred_at and action != REDEEM:
        raise ValidationError("occurred_at", "is of offline tills, which redeem")
    basket = _basket(given.basket, key, brand_view) if given.basket is not None else Basket()
    basket = _placed(basket, store, occurred_at, bool(given.occurred_at), brand_view)
    return CouponRequested(
        event_id=request_id,
        occurred_at=occurred_at,
        received_at=now,
        key=code,
        action=action,
        code=code,
        source=key.id,
        store=store,
        redemption_id=event_id_of(key.id_namespace, parse_id(given.redemption_id, "redemption_id")),
        basket=written_basket(basket),
        sale_event_id=parse_reference(given.sale_event_id, "sale_event_id", key.id_namespace)
        if given.sale_event_id
        else "",
        request_id=request_id,
    )


def _basket(given: BasketInput, key: ApiKey, brand_view: BrandView) -> Basket:
    brand = brand_view.brand
    try:
        currency = parse_currency(given.currency) if given.currency else brand.about.currency
    except ValidationError as error:
        raise ValidationError("basket.currency", error.detail, error.reason) from None
    total = parse_amount(given.total, "basket.total")
    check_minor_units(total, currency, "basket.total")
    lines = []
    for index, line in enumerate(given.lines):
        field = f"basket.lines[{index}]"
        sku = parse_sku(line.sku, f"{field}.sku", brand.products, brand_view.pseudonyms)
        product = brand.products.get(sku)
        amount = parse_amount(line.amount, f"{field}.amount", signed=True)
        quantity = parse_amount(line.quantity, f"{field}.quantity", signed=True)
        lines.append(Line(sku, quantity, amount, product.category if product is not None else ""))
    id = event_id_of(key.id_namespace, parse_id(given.id, "basket.id")) if given.id else ""
    return Basket(id=id, currency=currency, total=total, lines=tuple(lines))


def _placed(basket: Basket, store: str, at: int, offline: bool, brand_view: BrandView) -> Basket:
    """The basket with what the stream would have to look up: the store's clock, and where it is."""
    found = brand_view.brand.stores.get(store)
    if found is None:
        return msgspec.structs.replace(basket, offline=offline)
    moment = datetime.fromtimestamp(at // 1_000_000, UTC).astimezone(ZoneInfo(found.time_zone))
    country = found.country or brand_view.brand.about.country
    return msgspec.structs.replace(
        basket,
        local=moment.strftime("%Y-%m-%dT%H:%M"),
        country=country,
        region=found.region.removeprefix(f"{country}-"),
        offline=offline,
    )
