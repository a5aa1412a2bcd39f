"""Validation of events: any bytes become an event that fits its topic, or a reject with a field and a reason."""

import json
import time
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from gateway.brand.live import build_brand_view
from gateway.events_api.draft import Sender
from gateway.events_api.errors import ValidationError
from gateway.events_api.parse import split_batch
from gateway.events_api.parse_values import parse_amount
from gateway.events_api.rejects import rejected
from gateway.events_api.validate import validate
from gateway.http.keys import bearer, find_key
from gateway.scan.device import COOKIE, DeviceCookies
from schemas.brand.load import load
from schemas.codec.avro import Codec
from schemas.events import EventRejected
from schemas.identifiers.devices import ID_CHARS, IssuedDevices
from schemas.kinds import FAMILIES, TYPES
from schemas.topics import BY_EVENT, MAX_RECORD_BYTES
from tests.support.gateway_process import BRAND, IDENTIFIER_KEY
from tests.support.reject_keys import protect, reveal

BRAND_VIEW = build_brand_view(load(BRAND), IDENTIFIER_KEY)
CODEC = Codec(protect=protect)
DEVICES = DeviceCookies(IssuedDevices(IDENTIFIER_KEY))
NOW = 1_782_864_000_000_000
SENDER = Sender("web", frozenset(FAMILIES["web"] | {"sale", "return", "stock_reported", "cost_reported"}))
BASE: dict[str, Any] = {"occurred_at": "2026-06-01T10:00:00Z", "identifiers": [{"type": "email", "value": "a@b.de"}]}
SALE: dict[str, Any] = {**BASE, "type": "sale", "event_id": "0a" * 16}


def seeds() -> list[bytes]:
    """Events of every shape, alone and in a batch."""
    line = {"sku": "tea", "quantity": 1, "amount": "1.5"}
    events = [
        {**BASE, "type": "page_view", "tag": "shelf-1", "properties": {"phone": "030 901820", "n": [1.5, {"a": None}]}},
        {**SALE, "properties": {"amount": "12.50", "currency": "EUR", "lines": [line]}},
        {**SALE, "type": "return", "properties": {"amount": 3, "sale_event_id": "x-1"}},
        {**BASE, "type": "stock_reported", "store": "mitte", "properties": {"sku": "tea", "quantity": 0}},
        {**BASE, "type": "cost_reported", "campaign": "spring", "tag": "shelf-1", "properties": {"amount": "120.5"}},
        {**BASE, "type": "scan"}, {**SALE, "identifiers": [{"type": "badge", "hash": "0" * 32}]}, {"type": "sale"},
    ]  # fmt: skip
    texts = [json.dumps(event).encode() for event in events]
    odd = [b'{"a":NaN}', b'{"store":"\xff"}', b'{"store":"\\ud800"}', b"[" * 50, b'{"n":1e999}', b"12.50", b"abc=def"]
    return [*texts, *odd, b'{"events":[%s]}' % b",".join(texts)]


def check(data: bytes) -> None:
    for raw in _batch(data):
        _check_event(raw)
    text = data.decode("latin-1")
    assert len(DEVICES.device_of({COOKIE: text}, False, 0.0).id) == ID_CHARS
    assert BRAND_VIEW.pseudonyms.devices.issued(text) is None, "a device was made up"
    assert find_key(bearer(text), BRAND_VIEW.brand.api_keys) is None, "a key was guessed"
    _check_amount(data.decode("utf-8", "replace"))


def _batch(body: bytes) -> list[bytes]:
    try:
        return [body, *split_batch(body)][:20]
    except ValidationError as error:
        assert str(error)
        return [body]


def _check_event(raw: bytes) -> None:
    began = time.thread_time()
    try:
        event: Any = validate(raw, SENDER, BRAND_VIEW, NOW).event
    except ValidationError as error:
        assert str(error) and error.reason
        event = rejected(raw, error, SENDER, BRAND_VIEW, NOW)
        assert event.event_id == rejected(raw, error, SENDER, BRAND_VIEW, NOW + 1).event_id
    else:
        assert event.source == SENDER.key_id
        without_person = event.__class__.__name__ in ("StockReported", "CostReported")
        assert without_person or event.type in SENDER.types & TYPES
    # Its record can be written and read whatever was sent, and is small enough for its topic.
    topic, _, value, _ = CODEC.record(event)
    back = CODEC.of(topic).decode(value)
    if isinstance(back, EventRejected):
        back = msgspec.structs.replace(back, raw=reveal(back.raw))
    assert back == event and topic is BY_EVENT[type(event)] and len(value) < MAX_RECORD_BYTES
    assert b"a@b.de" not in value
    assert time.thread_time() - began < 1, "one event must not take the gateway's time"


def _check_amount(text: str) -> None:
    try:
        micros = parse_amount(text, "amount")
    except ValidationError:
        return
    try:
        assert micros == Decimal(text) * 1_000_000 and micros < 10**18
    except InvalidOperation:
        raise AssertionError(f"{text!r} is no number, and was parsed as {micros}") from None
