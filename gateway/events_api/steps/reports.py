"""Steps for reports about no person: stock_reported and cost_reported. Their properties have a closed shape."""

import msgspec

from gateway.events_api.draft import Draft
from gateway.events_api.errors import ValidationError, from_msgspec
from gateway.events_api.inputs import CostInput, StockInput
from gateway.events_api.parse_values import parse_amount, parse_currency, parse_sku, parse_units
from schemas.text import name_form

COST_NAMES = ("campaign", "channel", "placement", "store", "tag")
"""What a cost may be stated for."""


def stock_store(draft: Draft) -> None:
    """The store must be named by the event itself; the key of the topic is ``store/sku``."""
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
