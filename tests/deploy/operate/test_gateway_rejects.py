"""A replayed event ends as it would have by the events API: its sender, its own words, its own time."""

import json
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.operate.replay.gateway_rejects import (
    CUT,
    MASKED,
    NO_SUCH_FIELD,
    NOT_JSON,
    Accepted,
    GatewayRejects,
    StillInvalid,
)
from deploy.operate.replay.repair import read_changes
from gateway.brand.live import BrandView, build_brand_view
from gateway.events_api.draft import Sender
from gateway.events_api.errors import ValidationError
from gateway.events_api.rejects import conflict, rejected
from gateway.events_api.validate import validate
from schemas.brand.load import load
from schemas.events import EventRejected
from schemas.kinds import TYPES, types_of
from schemas.process.errors import OperatorError
from tests.support.gateway_process import BRAND, IDENTIFIER_KEY

VIEW = build_brand_view(load(BRAND), IDENTIFIER_KEY)
NOON_US = 1_780_315_200_000_000
DAY_US = 86_400_000_000
NOON = "2026-06-01T12:00:00Z"
TILL, WEB = Sender("till", TYPES), Sender("web", types_of(["events:web"]))


def sale(**fields: Any) -> dict[str, Any]:
    """A sale whose currency is none."""
    return {
        "event_id": "sale-1",
        "type": "sale",
        "occurred_at": NOON,
        "identifiers": [{"type": "customer", "value": "C-1"}],
        "properties": {"amount": "10.00", "currency": "Euro"},
        **fields,
    }


def reject_of(event: dict[str, Any] | bytes, sender: Sender = TILL, now: int = NOON_US) -> EventRejected:
    """What the gateway records of an event that it rejects."""
    raw = event if isinstance(event, bytes) else json.dumps(event).encode()
    try:
        validate(raw, sender, VIEW, now)
    except ValidationError as error:
        return rejected(raw, error, sender, VIEW, now)
    raise AssertionError("the event is accepted")


def plan(
    reject: EventRejected, sets: Sequence[str] = (), drops: Sequence[str] = (), view: BrandView = VIEW
) -> Accepted | StillInvalid:
    return GatewayRejects(lambda: view, read_changes(sets, drops), lambda event: False).plan(reject)


def with_keys(*keys: Any) -> BrandView:
    return build_brand_view(msgspec.structs.replace(VIEW.brand, api_keys=keys), IDENTIFIER_KEY)


EURO = ("properties.currency=EUR",)


def test_a_repaired_event_is_what_its_sender_would_have_sent() -> None:
    planned = plan(reject_of(sale()), EURO)
    assert isinstance(planned, Accepted)
    right = sale(properties={"amount": "10.00", "currency": "EUR"})
    assert planned.event == validate(json.dumps(right).encode(), TILL, VIEW, NOON_US).event
    assert planned == plan(reject_of(sale()), EURO), "a replay that is killed and repeated gives the same event"


WRONG: list[dict[str, Any]] = [
    {"identifiers": [{"type": "email", "value": "keine"}]},
    {"identifiers": [{"type": "email", "value": "ann"}, {"type": "phone", "value": "+49 30 1"}]},
    {"identifiers": [{"type": "customer", "value": 12345}]},
    {"identifiers": [{"type": "customer", "value": "C-1", "hash": "0" * 32}]},
    {"identifiers": [{"type": "customer", "hash": "C-1"}]},
    {"identifiers": ["C-1"]},
    {"identifiers": [{"type": "mac", "value": "no mac"}]},
    {"identifiers": [{"type": "customer", "value": "unknown"}]},
    {"identifers": [{"type": "customer", "value": "C-1"}]},
    {"properties": {"amount": "ten"}},
    {"occurred_at": "1999-01-01T00:00:00Z"},
    {"type": "nothing"},
]


@pytest.mark.parametrize("wrong", WRONG)
def test_a_plain_replay_ends_as_the_first_time(wrong: dict[str, Any]) -> None:
    """Free text becomes no identifier, a number no text, a value no hash."""
    kind = "page_view" if "identifiers" in wrong else "sale"  # a sale whose identifiers are of no use is nobody's
    event = sale(**{"type": kind, "properties": {"amount": "10"}, **wrong})
    reject = reject_of(event)
    assert plan(reject) == plan(reject) == StillInvalid(reject.detail)


@given(st.dictionaries(st.sampled_from(["type", "value", "hash"]), st.none() | st.integers() | st.text(max_size=40)))
def test_whatever_stands_as_an_identifier_ends_as_the_first_time(identifier: dict[str, Any]) -> None:
    event = sale(properties={"amount": "10"}, identifiers=[identifier])
    try:
        reject = reject_of(event)
    except AssertionError:
        return
    assert plan(reject) == StillInvalid(reject.detail)


def test_a_random_mac_address_is_that_of_its_own_day() -> None:
    """Phones change them: one that is replayed months later is the phone of then."""
    mac = [{"type": "mac", "value": "9a:00:00:00:00:01"}]
    planned = plan(reject_of(sale(identifiers=mac)), EURO)
    assert isinstance(planned, Accepted)
    assert planned.event.identifiers == (VIEW.pseudonyms.identifier("mac", "9a:00:00:00:00:01", NOON_US),)


def test_a_sender_may_do_in_a_replay_what_it_may_do_itself() -> None:
    forbidden = reject_of(sale(properties={"amount": "500"}), WEB)
    assert plan(forbidden) == StillInvalid("type: may not be sent with this key")
    assert plan(forbidden, ["event_id=other"]) == StillInvalid("type: may not be sent with this key")
    (web,) = [key for key in VIEW.brand.api_keys if key.id == "web"]
    allowed = plan(forbidden, view=with_keys(msgspec.structs.replace(web, scopes=("events:write",))))
    assert isinstance(allowed, Accepted) and allowed.event.source == "web"


def test_a_key_that_was_taken_back_counts_as_what_it_was() -> None:
    without = with_keys()
    assert plan(reject_of(sale(), WEB), EURO, view=without) == StillInvalid("type: may not be sent with this key")
    planned = plan(reject_of(sale()), EURO, view=without)
    assert isinstance(planned, Accepted) and planned.event.source == "till"


def test_the_time_of_receipt_is_that_of_the_first_time() -> None:
    """A clock that was days ahead is wrong for ever, however long the reject waits."""
    late = reject_of(sale(properties={"amount": "10"}), now=NOON_US - 3 * DAY_US)
    assert plan(late) == StillInvalid("occurred_at: is more than 24 hours in the future")
    planned = plan(late, ["occurred_at=2026-05-29T12:00:00Z"])
    assert isinstance(planned, Accepted) and planned.event.received_at == NOON_US - 3 * DAY_US


@pytest.mark.parametrize("nothing", [{}, {"event_id": None}])
def test_an_event_without_an_id_has_the_same_one_in_every_replay(nothing: dict[str, Any]) -> None:
    event = {name: value for name, value in sale().items() if name != "event_id"} | nothing
    first, second = (plan(reject_of(event), EURO) for _ in range(2))
    assert isinstance(first, Accepted) and first == second and first.event_id == first.event.event_id


def test_money_and_numbers_stay_exact_through_a_repair() -> None:
    raw = json.dumps(sale()).replace('"10.00"', "10.10").encode()
    planned = plan(reject_of(raw), EURO)
    assert isinstance(planned, Accepted) and planned.event.amount_micros == 10_100_000


def test_an_event_that_was_too_long_is_used_without_what_made_it_long() -> None:
    reject = reject_of(sale(properties={"amount": "10", "note": "x" * 70_000}))
    planned = plan(reject, drops=["properties.note"])
    assert isinstance(planned, Accepted) and planned.event.properties == "{}"
    assert plan(reject_of(sale(properties={"note": "x" * (1 << 20)}))) == StillInvalid(CUT)


@pytest.mark.parametrize("raw", [b"no json", b"[1]", b'{"a":', b'{"a":NaN}', b"[" * 20_000, b'{"a":"\xff"}'])
def test_what_was_no_event_cannot_be_repaired(raw: bytes) -> None:
    assert plan(reject_of(raw), ["type=scan"]) == StillInvalid(NOT_JSON)


def test_a_change_needs_a_place() -> None:
    assert plan(reject_of(sale()), ["identifiers[7].type=email"]) == StillInvalid(NO_SUCH_FIELD)


def test_a_reject_of_an_earlier_version_is_left_alone() -> None:
    """It has hashes in the place of values, and some of them are hashes of what was no value of its type."""
    masked = b'{"event_id":"e","type":"page_view","identifiers":[{"type":"email","hash":"%s"}]}' % (b"0" * 32)
    assert plan(msgspec.structs.replace(reject_of(sale()), raw=masked)) == StillInvalid(MASKED)


def test_another_identifier_key_than_the_gateways_is_refused() -> None:
    with pytest.raises(OperatorError, match="FOOTPATH_IDENTIFIER_KEY_FILE"):
        plan(reject_of(sale()), EURO, view=build_brand_view(VIEW.brand, bytes(32)))


def test_a_conflict_is_sent_under_another_id_alone() -> None:
    event = sale(properties={"amount": "0"})
    raw = json.dumps(event).encode()
    reject = rejected(raw, conflict(), TILL, VIEW, NOON_US)
    assert (reject.reason, reject.source_event_id) == ("conflict", "till/sale-1")
    assert plan(reject) == plan(reject, ["properties.amount=80"]) == StillInvalid("conflict")
    planned = plan(reject, ["event_id=sale-1-corrected"])
    assert isinstance(planned, Accepted) and planned.event_id == "till/sale-1-corrected"


def test_a_reject_keeps_the_namespace_of_its_sender() -> None:
    fleet = Sender("till", TYPES, namespace="fleet")
    for sender, event_id in (
        (fleet, "fleet/sale-1"),
        (TILL, "till/sale-1"),
        (Sender("till", TYPES, namespace=""), "sale-1"),
    ):
        planned = plan(reject_of(sale(), sender), EURO)
        assert isinstance(planned, Accepted) and planned.event_id == event_id
