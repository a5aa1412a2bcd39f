"""From one sent event to what goes to a topic, or to why it does not. Pure: time, brand and sender are
arguments.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import msgspec

from gateway.brand import World
from gateway.incoming import MAX_LINES, Invalid, Sent, SentCost, SentLine, SentStock, complaint, decode_event
from gateway.values import amount_of, currency_of, id_of, micros_of
from schemas import kinds
from schemas.events import CostReported, Line, StockReported, TouchpointRecorded
from schemas.identifiers import InvalidIdentifier, anchor_of, is_blocked
from schemas.likeness.traits import PROPERTY, RAW, Traits
from schemas.reasons import BLOCKED_VALUE, FORBIDDEN, MALFORMED, UNKNOWN_TYPE

MAX_PROPERTIES_BYTES = 16 * 1024
MAX_DEPTH = 16
NAMES = ("brand", "store", "tag", "placement", "zone", "product", "campaign", "channel")

_encode = msgspec.json.Encoder(decimal_format="number").encode


@dataclass(frozen=True, slots=True)
class Sender:
    """An API key's id and the kinds that it may send."""

    key_id: str
    types: frozenset[str]


def judge(raw: bytes, sender: Sender, world: World, now: int) -> TouchpointRecorded | StockReported | CostReported:
    """The event to publish, without any raw identifier.

    :param now: time of receipt in microseconds.
    :raises Invalid: it cannot be taken; says which field and why.
    """
    sent = decode_event(raw)
    if sent.type not in kinds.TYPES:
        raise Invalid("type", "is no known kind of event", UNKNOWN_TYPE)
    if sent.type not in sender.types:
        raise Invalid("type", "may not be sent with this key", FORBIDDEN)
    scrub = world.pseudonyms.scrub
    event_id = str(uuid4()) if sent.event_id is None else id_of(sent.event_id, "event_id", world.pseudonyms)
    occurred_at = micros_of(sent.occurred_at, now)
    if sent.properties and _depth(sent.properties) > MAX_DEPTH:
        raise Invalid("properties", f"are nested more than {MAX_DEPTH} deep")
    names = _names(sent, world)
    if sent.type == kinds.STOCK_REPORTED:
        stock = _stock(sent)
        return StockReported(
            event_id=event_id,
            occurred_at=occurred_at,
            store=names["store"],
            quantity=stock.quantity,
            sku=stock.sku if stock.sku in world.brand.products else scrub(stock.sku),
            received_at=now,
            source=sender.key_id,
        )
    if sent.type == kinds.COST_REPORTED:
        placed = {name: names[name] for name in ("campaign", "channel", "placement", "store", "tag") if name in names}
        if "campaign" not in placed:
            raise Invalid("campaign", "must name the campaign that the money was spent for")
        return CostReported(
            event_id=event_id,
            occurred_at=occurred_at,
            **placed,
            **_cost(sent, world),
            received_at=now,
            source=sender.key_id,
        )
    identifiers = _identifiers(sent, world, occurred_at)
    anchor = anchor_of(identifiers)
    if is_blocked(anchor) or (sent.type in kinds.VERDICTS and any(map(is_blocked, identifiers))):
        raise Invalid(_blocked_field(sent, world), "is a placeholder, which is nobody's", BLOCKED_VALUE)
    if sent.type in kinds.VERDICTS and len(identifiers) != 2:
        raise Invalid("identifiers", "must be two different ones")
    properties = dict(sent.properties)
    traits = _traits(properties, world)
    money = _money(sent.type, properties, world) if sent.type in kinds.MONEY else {}
    return TouchpointRecorded(
        event_id=event_id,
        type=sent.type,
        occurred_at=occurred_at,
        received_at=now,
        source=sender.key_id,
        anchor=anchor,
        identifiers=identifiers,
        **names,
        **money,
        properties=_with(traits, _scrubbed(properties, world)),
    )


def _names(sent: Sent, world: World) -> dict[str, Any]:
    """The names that the event has, filled up from its tag where the brand knows it."""
    brand = world.brand
    names = {name: text for name in NAMES if (text := getattr(sent, name))}
    for name, text in names.items():
        if not text.isprintable():
            raise Invalid(name, "has control characters")
    if tag := brand.tags.get(sent.tag):
        from_tag = {name: getattr(tag, name) for name in ("store", "placement", "zone", "product", "campaign")}
        names = from_tag | names
    known: dict[str, Mapping[str, Any]] = {"tag": brand.tags, "store": brand.stores, "product": brand.products}
    scrubbed = {
        name: text if text in known.get(name, ()) else world.pseudonyms.scrub(text) for name, text in names.items()
    }
    return {"brand": brand.about.id, **scrubbed}


def _identifiers(sent: Sent, world: World, occurred_at: int) -> tuple[str, ...]:
    if not sent.identifiers:
        raise Invalid("identifiers", "must have at least one")
    found: dict[str, None] = {}
    for index, identifier in enumerate(sent.identifiers):
        field = f"identifiers[{index}]"
        if identifier.type not in world.identifier_types:
            raise Invalid(f"{field}.type", "is no known type of identifier")
        if (identifier.value is None) == (identifier.hash is None):
            raise Invalid(field, "must have either value or hash")
        if identifier.hash is not None:
            found[f"{identifier.type}:{identifier.hash}"] = None
        elif identifier.value is not None:
            try:
                found[world.pseudonyms.identifier(identifier.type, identifier.value, occurred_at)] = None
            except InvalidIdentifier as error:
                raise Invalid(f"{field}.value", str(error)) from None
    return tuple(found)


def _blocked_field(sent: Sent, world: World) -> str:
    """Path of the first identifier that is a placeholder."""
    return next(
        f"identifiers[{index}].value"
        for index, one in enumerate(sent.identifiers)
        if one.value is not None and is_blocked(world.pseudonyms.identifier(one.type, one.value))
    )


def _money(kind: str, properties: dict[str, Any], world: World) -> dict[str, Any]:
    """What a sale or return has in fields of its own; taken out of ``properties``."""
    if "amount" not in properties:
        raise Invalid("properties.amount", "is missing", MALFORMED)
    money: dict[str, Any] = {
        "amount_micros": amount_of(properties.pop("amount"), "properties.amount"),
        "currency": currency_of(properties.pop("currency", world.brand.about.currency)),
        "lines": _lines(properties.pop("lines", ()), world),
    }
    if kind == kinds.RETURN and "sale_event_id" in properties:
        related = id_of(properties.pop("sale_event_id"), "properties.sale_event_id", world.pseudonyms)
        money["related_event_id"] = related
    return money


def _lines(sent: Any, world: World) -> tuple[Line, ...]:
    if isinstance(sent, list) and len(sent) > MAX_LINES:
        raise Invalid("properties.lines", f"has more than {MAX_LINES} lines")
    try:
        lines = msgspec.convert(sent, tuple[SentLine, ...])
    except msgspec.ValidationError as error:
        raise complaint(error, "properties.lines") from None
    return tuple(
        Line(
            sku=line.sku if line.sku in world.brand.products else world.pseudonyms.scrub(line.sku),
            quantity=line.quantity,
            amount_micros=amount_of(line.amount, f"properties.lines[{index}].amount"),
        )
        for index, line in enumerate(lines)
    )


def _stock(sent: Sent) -> SentStock:
    if not sent.store or "/" in sent.store:  # the topic's key is store/sku
        raise Invalid("store", "must name a store, without a slash")
    try:
        return msgspec.convert(sent.properties, SentStock)
    except msgspec.ValidationError as error:
        raise complaint(error, "properties") from None


def _cost(sent: Sent, world: World) -> dict[str, Any]:
    try:
        cost = msgspec.convert(sent.properties, SentCost)
    except msgspec.ValidationError as error:
        raise complaint(error, "properties") from None
    own = world.brand.about.currency
    currency = own if cost.currency is None else currency_of(cost.currency)
    if currency != own:
        raise Invalid(
            "properties.currency", f"must be the brand's, {own}: costs are held against revenue; convert them"
        )
    return {"amount_micros": amount_of(cost.amount, "properties.amount"), "currency": currency}


def _traits(properties: dict[str, Any], world: World) -> Traits | None:
    """What is told of a person or a device, encoded; names and addresses are taken out of ``properties``, and what
    somebody else may have put where the encoded ones go."""
    traits = world.pseudonyms.traits(properties)
    for name in (*RAW, PROPERTY):
        properties.pop(name, None)
    return traits


def _with(traits: Traits | None, properties: str) -> str:
    # After everything was scrubbed: among so many digits some would be taken for a phone number.
    if traits is None:
        return properties
    member = f'"{PROPERTY}":{_encode(traits).decode()}}}'
    return f"{{{member}" if properties == "{}" else f"{properties[:-1]},{member}"


def _scrubbed(properties: dict[str, Any], world: World) -> str:
    """The properties as JSON text without addresses and phone numbers."""
    if not properties:
        return "{}"
    try:
        text = _encode(properties)
    except (ValueError, OverflowError):  # Python refuses to write integers of thousands of digits
        raise Invalid("properties", "has a number that is too long") from None
    if len(text) > MAX_PROPERTIES_BYTES:
        raise Invalid("properties", f"are longer than {MAX_PROPERTIES_BYTES} bytes")
    if b"@" not in text and not any(digit in text for digit in b"0123456789"):
        return text.decode()
    return _encode(world.pseudonyms.scrub_json(properties)).decode()


def _depth(node: Any) -> int:
    """How deep objects and lists are nested; anything deeper than is allowed counts one more."""
    level = [node]
    for depth in range(MAX_DEPTH + 1):
        inner = [one for one in level if isinstance(one, dict | list)]
        if not inner:
            return depth
        level = [child for one in inner for child in (one.values() if isinstance(one, dict) else one)]
    return MAX_DEPTH + 1
