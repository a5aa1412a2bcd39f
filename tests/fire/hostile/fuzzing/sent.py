"""The gateway's judgement: any bytes are an event that fits its topic, or are refused with a field and a reason."""

import json
import time
from decimal import Decimal, InvalidOperation
from typing import Any

from gateway.brand import build_world
from gateway.device import COOKIE, device_of
from gateway.incoming import Invalid, split_batch
from gateway.judge import Sender, judge
from gateway.keys import bearer, find_key
from gateway.rejects import rejected
from gateway.values import amount_of
from schemas.brand.load import load
from schemas.kinds import FAMILIES, TYPES
from schemas.topics import BY_EVENT
from tests.fire.hostile.fuzzing.oracle import CODEC
from tests.gateway.street import BRAND, IDENTIFIER_KEY

WORLD = build_world(load(BRAND), IDENTIFIER_KEY)
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


def one(data: bytes) -> None:
    for raw in _batch(data):
        _judged(raw)
    text = data.decode("latin-1")
    assert len(device_of({COOKIE: text})) == 22
    assert find_key(bearer(text), WORLD.brand.api_keys) is None, "a key was guessed"
    _amount(data.decode("utf-8", "replace"))


def _batch(body: bytes) -> list[bytes]:
    try:
        return [body, *split_batch(body)][:20]
    except Invalid as invalid:
        assert str(invalid)
        return [body]


def _judged(raw: bytes) -> None:
    began = time.thread_time()
    try:
        event: Any = judge(raw, SENDER, WORLD, NOW)
    except Invalid as invalid:
        assert str(invalid) and invalid.reason
        event = rejected(raw, invalid, WORLD, NOW)
        assert event.event_id == rejected(raw, invalid, WORLD, NOW + 1).event_id
    else:
        assert event.source == SENDER.key_id
        nobodys = event.__class__.__name__ in ("StockReported", "CostReported")
        assert nobodys or event.type in SENDER.types & TYPES
    # Whatever was sent, its record can be written and read, and is small enough for its topic.
    topic, _, value, _ = CODEC.record(event)
    assert CODEC.of(topic).decode(value) == event and topic is BY_EVENT[type(event)] and len(value) < 1 << 20
    assert b"a@b.de" not in value
    assert time.thread_time() - began < 1, "one event must not take the gateway's time"


def _amount(text: str) -> None:
    try:
        micros = amount_of(text, "amount")
    except Invalid:
        return
    try:
        assert micros == Decimal(text) * 1_000_000 and micros < 10**18
    except InvalidOperation:
        raise AssertionError(f"{text!r} is no number, and was taken for {micros}") from None
