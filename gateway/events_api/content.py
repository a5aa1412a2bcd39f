"""The content of an event as a keyed hash, to tell a re-send from another event under the same id.

What counts is what the sender stated, however it was written: the order of members, Unicode's forms, 5 and 5.0, and the
offset of a time make no difference. Neither does what the brand adds (a tag's store, its currency), so that a re-send
after a change of the brand is still one. Identifiers do not count, because a sender may complete them later; of an
operator's statement about two identifiers they are the content. The hash is keyed, so that nobody can find out a
content by trying what may stand in it.
"""

import re
import unicodedata
from decimal import Decimal
from typing import Any, Final

import msgspec

from gateway.events_api.draft import Draft
from gateway.events_api.parse_values import parse_amount
from gateway.events_api.steps.envelope import NAMES
from gateway.events_api.steps.money import BESIDE
from schemas import kinds
from schemas.text import name_form

MOVED: Final = frozenset(("amount", "currency", "lines", "sale_event_id", *BESIDE))
"""Properties of a receipt that count as the values that they mean."""
LARGEST_EXPONENT: Final = 40
_FRACTION: Final = re.compile(rb"[.eE][0-9+-]")
_LARGE: Final = re.compile(rb"[0-9][0-9]{%d}" % (LARGEST_EXPONENT - 1))
"""What JSON may write in several ways, beside texts that are not ASCII: fractions, exponents, very large integers. Each
by itself and with a set of characters at its beginning: so they are found several times faster."""
_encode = msgspec.json.Encoder(order="sorted", decimal_format="number").encode


def content_of(draft: Draft) -> str:
    """The keyed hash of a validated event's content, 32 hex digits. Called after the last step."""
    given, fields = draft.input, draft.fields
    names = {name: form for name in NAMES if (text := getattr(given, name)) and (form := name_form(text))}
    stated: list[Any] = [given.type, fields["occurred_at"], names]
    if given.type in kinds.MONEY:
        taxes = [_micros(tax) for tax in draft.properties.get("line_taxes", ())]
        beside = [_micros(given.properties.get(name)) for name in BESIDE]
        stated += [fields["amount_micros"], fields["currency"], fields["lines"], taxes, beside]
        stated.append(fields.get("related_event_id", ""))
    elif given.type == kinds.STOCK_REPORTED:
        stated += [fields["sku"], fields["quantity"]]
    elif given.type in kinds.OVERRIDES:
        stated.append(sorted(fields["identifiers"]))
    stated.append(_properties(draft))
    return draft.brand_view.pseudonyms.digest(_encode(stated))


def canonical(node: Any) -> Any:
    """A JSON value in the one form of its meaning: texts and names in NFC, a number by its value."""
    if isinstance(node, str):
        return node if node.isascii() else unicodedata.normalize("NFC", node)
    if isinstance(node, dict):
        return {canonical(name): canonical(value) for name, value in node.items()}
    if isinstance(node, list):
        return [canonical(one) for one in node]
    if isinstance(node, bool) or not isinstance(node, int | float | Decimal):
        return node
    return _number(Decimal(repr(node)) if isinstance(node, float) else Decimal(node))


def _number(number: Decimal) -> Any:
    # A number with an exponent of millions would fill the memory if it were written out.
    if abs(number.adjusted()) > LARGEST_EXPONENT:
        return [str(number.normalize())]
    return int(number) if number == number.to_integral_value() else number.normalize()


def _properties(draft: Draft) -> Any:
    given = draft.input.properties
    if draft.input.type == kinds.STOCK_REPORTED or not given:
        return {}
    if draft.input.type in kinds.MONEY:
        given = {name: value for name, value in given.items() if name not in MOVED}
    if not given:
        return {}
    text = _encode(given)
    return msgspec.Raw(text) if _has_one_form(text) else canonical(given)


def _has_one_form(text: bytes) -> bool:
    """Whether JSON with sorted members is certainly in its canonical form."""
    return text.isascii() and _FRACTION.search(text) is None and _LARGE.search(text) is None


def _micros(value: Any) -> int | None:
    return None if value is None else parse_amount(value, "", signed=True)
