"""The shapes of what senders post, as types that msgspec decodes and the OpenAPI document describes."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from schemas.identifiers.proofs import LONGEST_PROOF

MAX_EVENTS = 1000
MAX_EVENT_BYTES = 64 * 1024
MAX_NAME_CHARS = 200
MAX_IDENTIFIERS = 20
MAX_LINES = 500
MAX_QUANTITY = 10**12
MAX_PROOF_CHARS = 2000

Name = Annotated[str, Meta(max_length=MAX_NAME_CHARS)]
Time = Annotated[str, Meta(max_length=64, extra_json_schema={"format": "date-time"})]
"""RFC 3339 with an offset; see :func:`gateway.events_api.parse_values.parse_time`."""


Purpose = Literal["identity", "personalisation", "marketing", "analytics"]
MarketingChannel = Literal["email", "sms", "whatsapp", "push"]


class IdentifierInput(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A raw value, which is hashed at once, or the hash (32 hex digits) of one that was hashed before. ``proof``, for
    events that a public key sends: of the brand's server, that the identifier belongs to the event's device."""

    type: Annotated[str, Meta(max_length=40)]
    value: str | None = None
    hash: Annotated[str, Meta(pattern="^[0-9a-f]{32}$")] | None = None
    proof: Annotated[str, Meta(max_length=LONGEST_PROOF)] | None = None


class LineInput(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A line of a sale or return: decimals as in ``properties.amount``, negative where something goes back or is
    deducted. ``quantity`` may be 0 or a fraction. ``tax`` is that of the line."""

    sku: Annotated[str, Meta(min_length=1, max_length=MAX_NAME_CHARS)]
    quantity: Any
    amount: Any
    tax: Any = None


class StockInput(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Properties of stock_reported; ``quantity`` is a whole number (see ``parse_units``)."""

    sku: Annotated[str, Meta(min_length=1, max_length=MAX_NAME_CHARS)]
    quantity: Any


class CapacityInput(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Properties of capacity_reported: whole numbers (see ``parse_units``), one of them at least; ``expires_at`` is
    RFC 3339."""

    service: Annotated[str, Meta(min_length=1, max_length=MAX_NAME_CHARS)]
    free: Any = None
    queue_length: Any = None
    wait_s: Any = None
    expires_at: Annotated[str, Meta(max_length=64)] | None = None


class CostInput(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Properties of cost_reported; ``amount`` as that of a sale."""

    amount: Any
    currency: Any = None


class ProofInput(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What shows that somebody said so: the id of the text that was shown or the text itself, its language (BCP 47),
    where it was shown (page, till, paper, import, …), and the control that was used."""

    text_id: Name = ""
    text: Annotated[str, Meta(max_length=MAX_PROOF_CHARS)] = ""
    language: Annotated[str, Meta(max_length=35)] = ""
    where: Name = ""
    control: Name = ""


class ConsentInput(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Properties of consent_given and consent_withdrawn. ``channels`` are those of marketing, by default all;
    ``expires_at`` is RFC 3339; ``jurisdiction`` a country or a part of one (ISO 3166: DE, US-CA)."""

    purposes: Annotated[tuple[Purpose, ...], Meta(min_length=1)]
    channels: tuple[MarketingChannel, ...] = ()
    policy_version: Name = ""
    expires_at: Annotated[str, Meta(max_length=64)] | None = None
    jurisdiction: Annotated[str, Meta(max_length=6)] = ""
    proof: ProofInput | None = None


class EventInput(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """An event of the batch API. A tag that the brand knows fills in the names that the event leaves out.

    ``identifiers`` have the shape of :class:`IdentifierInput` and are read one by one: of several, one that cannot be
    used does not sink the event.
    """

    type: Annotated[str, Meta(max_length=MAX_NAME_CHARS)]
    occurred_at: Time
    event_id: str | None = None
    identifiers: Annotated[tuple[Any, ...], Meta(max_length=MAX_IDENTIFIERS)] = ()
    brand: Name | None = ""
    store: Name | None = ""
    tag: Name | None = ""
    placement: Name | None = ""
    zone: Name | None = ""
    product: Name | None = ""
    campaign: Name | None = ""
    channel: Name | None = ""
    properties: dict[str, Any] = {}


class BatchInput(msgspec.Struct, forbid_unknown_fields=True):
    """A batch; each event is parsed and validated by itself."""

    events: list[msgspec.Raw]
