"""A reject keeps the sender's text for a replay, and shows nothing of it."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.brand.live import BrandView, build_brand_view
from gateway.events_api.draft import Sender
from gateway.events_api.errors import ValidationError
from gateway.events_api.rejects import known_path, read_received, rejected
from gateway.events_api.validate import validate
from schemas.brand.load import load
from schemas.events import EventRejected
from schemas.kinds import TYPES
from schemas.rejects import RAW_KEPT_BYTES
from tests.support.gateway_process import BRAND, IDENTIFIER_KEY, page_view
from tests.support.validation import TILL

NOW = time.time_ns() // 1000
VIEW = build_brand_view(load(BRAND), IDENTIFIER_KEY)
CANARY = "Canary77"


def reject_of(raw: bytes, sender: Sender = TILL, now: int = NOW) -> EventRejected | None:
    """The reject of an event; None when it is accepted."""
    try:
        validate(raw, sender, VIEW, now)
    except ValidationError as error:
        return rejected(raw, error, sender, VIEW, now)
    return None


def shown(reject: EventRejected) -> str:
    """All of a reject that is stored in clear."""
    return json.dumps({name: str(getattr(reject, name)) for name in reject.__struct_fields__ if name != "raw"})


@pytest.mark.parametrize(
    ("broken", "field"),
    [
        ({"colour": CANARY}, "*"),
        ({CANARY: 1}, "*"),
        ({"type": CANARY}, "type"),
        ({"occurred_at": CANARY}, "occurred_at"),
        ({"store": f"\x01{CANARY}"}, "store"),
        ({"event_id": f"{CANARY}!"}, "event_id"),
        ({"identifiers": CANARY}, "identifiers"),
        ({"identifiers": [CANARY]}, "identifiers[0]"),
        ({"identifiers": [{"type": CANARY, "value": CANARY}]}, "identifiers[0].type"),
        ({"identifiers": [{"type": "email", "value": CANARY}]}, "identifiers[0].value"),
        ({"identifiers": [{"type": "email", "hash": CANARY}]}, "identifiers[0].hash"),
        ({"identifiers": [{"type": "email", CANARY: CANARY}]}, "identifiers[0].*"),
        ({"type": "sale", "properties": {"amount": CANARY}}, "properties.amount"),
        ({"type": "sale", "properties": {"amount": "1", "lines": [{CANARY: 1}]}}, "properties.lines[0]"),
        ({"type": "sale", "properties": {"amount": "1", "currency": CANARY}}, "properties.currency"),
        ({"type": "stock_reported", "store": "s", "properties": {CANARY: 1}}, "properties.*"),
        ({"properties": {CANARY: float("nan")}}, "properties.*"),
    ],
)
def test_a_malformed_event_shows_its_field_and_no_word_of_its_sender(broken: dict[str, Any], field: str) -> None:
    """Names, birth dates, numbers and tokens may stand anywhere, also where a member's name should be."""
    about = {"given_name": CANARY, "birth_date": CANARY, "national_id": CANARY}
    raw = json.dumps(page_view(**{"properties": about, **broken})).encode()
    reject = reject_of(raw)
    assert reject is not None and CANARY not in shown(reject)
    assert reject.field.startswith(field), reject.field
    assert read_received(reject.raw).text == raw


@given(st.text(alphabet='{}[]":,\\un0 \udc80' + CANARY, max_size=40), st.integers(0, 200), st.integers(0, 200))
def test_no_damage_to_an_event_shows_what_it_holds(noise: str, start: int, end: int) -> None:
    whole = json.dumps(page_view(CANARY, properties={"given_name": CANARY, CANARY: [CANARY]}))
    raw = (whole[:start] + noise + whole[end:]).encode(errors="surrogateescape")
    reject = reject_of(raw)
    assert reject is None or (CANARY not in shown(reject) and read_received(reject.raw).text == raw)


def test_the_same_event_of_the_same_sender_is_one_reject() -> None:
    raw = json.dumps(page_view(event_id="r-1", colour="red")).encode()
    first, repeated, other = (reject_of(raw, Sender(id, TYPES), now) for id, now in (("a", 1), ("a", 5), ("b", 1)))
    assert first is not None and repeated is not None and other is not None
    assert first.event_id == repeated.event_id != other.event_id
    assert (first.stage, first.source_event_id, first.reason) == ("gateway", "a/r-1", "malformed")


def test_the_id_of_a_reject_cannot_be_found_by_trying_texts(brand_view: BrandView) -> None:
    """Somebody who has the data and not the key knows all of an event but a birth date."""
    raw = json.dumps(page_view(colour="red")).encode()
    stranger = build_brand_view(load(BRAND), bytes(32))
    with pytest.raises(ValidationError) as error:
        validate(raw, TILL, brand_view, NOW)
    assert len({rejected(raw, error.value, TILL, view, NOW).event_id for view in (brand_view, stranger)}) == 2


def test_an_event_that_is_too_long_is_kept_whole_as_far_as_a_record_has_room() -> None:
    for size in (70_000, RAW_KEPT_BYTES + 1):
        raw = json.dumps(page_view(properties={"given_name": CANARY, "a": "x" * size})).encode()
        reject = reject_of(raw)
        assert reject is not None and CANARY not in shown(reject)
        assert read_received(reject.raw).text == raw[:RAW_KEPT_BYTES]


def test_the_path_of_a_field_keeps_the_names_of_the_events_api_alone() -> None:
    assert known_path("properties.lines[3].amount") == "properties.lines[3].amount"
    assert known_path("Ann Lee.a[2].value") == "*.*[2].value" and known_path("") == ""


def test_a_reason_does_not_quote_what_the_sender_wrote() -> None:
    """A word that is none of those that a field may have: it may be a name, or the number of a card."""
    text = (
        b'{"type":"consent_withdrawn","occurred_at":"2026-03-01T09:00:00Z",'
        b'"identifiers":[{"type":"customer","value":"C-1"}],"properties":{"purposes":["LOY-1 Zandrowicz"]}}'
    )
    with pytest.raises(ValidationError) as refused:
        validate(text, Sender("till", TYPES), VIEW, NOW)
    assert refused.value.detail == "is none of the values that it may have"
    assert refused.value.field == "properties.purposes[0]"
