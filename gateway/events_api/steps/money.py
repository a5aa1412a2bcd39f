"""Steps for sales and returns: amount, currency and lines are taken out of ``properties`` into fields of their own."""

import msgspec

from gateway.events_api.draft import Draft
from gateway.events_api.errors import ValidationError, from_msgspec
from gateway.events_api.inputs import MAX_LINES, LineInput
from gateway.events_api.parse_values import (
    MICROS_PER_UNIT,
    check_minor_units,
    parse_amount,
    parse_currency,
    parse_reference,
    parse_sku,
)
from schemas import kinds
from schemas.events import Line
from schemas.reasons import RejectReason

Lines = tuple[LineInput, ...]
BESIDE = ("tax", "tip", "rounding")
_FIELDS = tuple(
    tuple(f"properties.lines[{index}].{name}" for name in ("sku", "amount", "quantity")) for index in range(MAX_LINES)
)
"""Paths of what a line has, for errors. Made once: most lines have none."""


def amount(draft: Draft) -> None:
    """What was paid; a sale may be negative as a whole, an exchange. A return says what went back."""
    if "amount" not in draft.properties:
        raise ValidationError("properties.amount", "is missing", RejectReason.MALFORMED)
    signed = draft.input.type == kinds.SALE
    draft.fields["amount_micros"] = parse_amount(draft.properties.pop("amount"), "properties.amount", signed)


def currency(draft: Draft) -> None:
    """The brand's own, unless the event names another; then the amount must be one that can be paid in it: who sends a
    currency's code and half of its smallest unit means another currency or another unit."""
    given = draft.properties.pop("currency", None)
    if given is None:
        draft.fields["currency"] = draft.brand_view.brand.about.currency
    else:
        draft.fields["currency"] = currency = parse_currency(given)
        check_minor_units(draft.fields["amount_micros"], currency, "properties.amount")


def beside_the_lines(draft: Draft) -> None:
    """What a receipt may say beside its lines stays among the properties, and must be money."""
    for name in BESIDE:
        if draft.properties.get(name) is not None:
            parse_amount(draft.properties[name], f"properties.{name}", signed=True)


def no_amount(draft: Draft) -> None:
    """Money in a kind of event that does not count as money would be lost without a word."""
    if draft.properties.get("amount") is not None:
        raise ValidationError(
            "properties.amount", f"{draft.input.type} carries no money: send a sale once it is paid, and no amount here"
        )


def lines(draft: Draft) -> None:
    """SKUs in the form of names."""
    given = draft.properties.pop("lines", None) or ()
    if isinstance(given, list) and len(given) > MAX_LINES:
        raise ValidationError("properties.lines", f"has more than {MAX_LINES} lines")
    try:
        converted = msgspec.convert(given, Lines)
    except msgspec.ValidationError as error:
        raise from_msgspec(error, "properties.lines") from None
    products, pseudonyms = draft.brand_view.brand.products, draft.brand_view.pseudonyms
    found = []
    taxed = False
    for line, (of_sku, of_amount, of_quantity) in zip(converted, _FIELDS, strict=False):
        sku = parse_sku(line.sku, of_sku, products, pseudonyms)
        amount_micros = parse_amount(line.amount, of_amount, signed=True)
        whole, fraction = _units(parse_amount(line.quantity, of_quantity, signed=True))
        found.append(Line(sku=sku, amount_micros=amount_micros, quantity=whole, fraction_micros=fraction))
        taxed = taxed or line.tax is not None
    draft.fields["lines"] = tuple(found)
    if taxed:
        for index, line in enumerate(converted):
            if line.tax is not None:
                parse_amount(line.tax, f"properties.lines[{index}].tax", signed=True)
        draft.properties["line_taxes"] = [line.tax for line in converted]


def _units(micros: int) -> tuple[int, int]:
    """Whole units and millionths of one, both of the same sign."""
    if micros >= 0:
        return divmod(micros, MICROS_PER_UNIT)
    whole, fraction = divmod(-micros, MICROS_PER_UNIT)
    return -whole, -fraction


def returned_sale(draft: Draft) -> None:
    """The sale that a return belongs to, where the sender names it: by its id, or by namespace, slash and id when it is
    of another sender."""
    if "sale_event_id" in draft.properties:
        given = draft.properties.pop("sale_event_id")
        draft.fields["related_event_id"] = parse_reference(given, "properties.sale_event_id", draft.sender.id_namespace)
