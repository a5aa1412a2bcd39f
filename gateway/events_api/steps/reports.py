"""Steps for reports about no person: stock_reported, capacity_reported and cost_reported. Their properties have a
closed shape."""

import msgspec

from gateway.events_api.draft import Draft
from gateway.events_api.errors import ValidationError, from_msgspec
from gateway.events_api.inputs import CapacityInput, CostInput, StockInput
from gateway.events_api.parse_values import parse_amount, parse_currency, parse_name, parse_sku, parse_time, parse_units
from schemas.text import name_form

ROOM = ("free", "queue_length", "wait_s")
HOLDS_US = 15 * 60 * 1_000_000
COST_NAMES = ("campaign", "channel", "placement", "store", "tag")
"""What a cost may be stated for."""


def stock_store(draft: Draft) -> None:
    """The store must be named by the event itself; the keys of the topics are ``store/sku`` and ``store/service``."""
    given = draft.input.store or ""
    if "store" not in draft.names or not name_form(given) or "/" in given:
        raise ValidationError("store", "must name a store, without a slash")
    draft.fields["store"] = draft.names["store"]


def stock(draft: Draft) -> None:
    try:
        given = msgspec.convert(draft.properties, StockInput)
    except msgspec.ValidationError as error:
        raise from_msgspec(error, "properties") from None
    products, pseudonyms = draft.brand_view.brand.products, draft.brand_view.pseudonyms
    draft.fields["quantity"] = parse_units(given.quantity, "properties.quantity")
    draft.fields["sku"] = parse_sku(given.sku, "properties.sku", products, pseudonyms)


def capacity(draft: Draft) -> None:
    try:
        given = msgspec.convert(draft.properties, CapacityInput)
    except msgspec.ValidationError as error:
        raise from_msgspec(error, "properties") from None
    fields, service = draft.fields, name_form(given.service)
    if not service or "/" in service:
        raise ValidationError("properties.service", "must name a service, without a slash")
    numbers = {name: getattr(given, name) for name in ROOM}
    if all(number is None for number in numbers.values()):
        raise ValidationError("properties", f"must state one of {', '.join(ROOM)}")
    for name, number in numbers.items():
        fields[name] = None if number is None else parse_units(number, f"properties.{name}")
    fields["service"] = parse_name(given.service, "properties.service", (), draft.brand_view.pseudonyms)
    fields["expires_at"] = _expiry(given.expires_at, fields["occurred_at"])


def _expiry(text: str | None, since: int) -> int:
    """Until when a report holds, in microseconds: a quarter of an hour where it does not say, a day at most."""
    if text is None:
        return since + HOLDS_US
    try:
        until = parse_time(text, since)
    except ValidationError as error:
        late = "is more than 24 hours after occurred_at" if "in the future" in error.detail else error.detail
        raise ValidationError("properties.expires_at", late, error.reason) from None
    if not since < until:
        raise ValidationError("properties.expires_at", "must be later than occurred_at")
    return until


def cost_place(draft: Draft) -> None:
    """The campaign, and where its money was spent; a known tag may give any of them."""
    draft.fields.update((name, draft.names[name]) for name in COST_NAMES if name in draft.names)
    if "campaign" not in draft.fields:
        raise ValidationError("campaign", "must name the campaign that the money was spent for")


def cost(draft: Draft) -> None:
    try:
        given = msgspec.convert(draft.properties, CostInput)
    except msgspec.ValidationError as error:
        raise from_msgspec(error, "properties") from None
    own = draft.brand_view.brand.about.currency
    currency = own if given.currency is None else parse_currency(given.currency)
    if currency != own:
        raise ValidationError(
            "properties.currency", f"must be the brand's, {own}: costs are held against revenue; convert them"
        )
    draft.fields["amount_micros"] = parse_amount(given.amount, "properties.amount")
    draft.fields["currency"] = currency
