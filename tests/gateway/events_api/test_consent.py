"""Consent as senders state it: its form is checked, a withdrawal is refused for nothing else, and what a browser says
is recorded with what it sends."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.brand.live import BrandView, build_brand_view
from gateway.events_api.draft import Sender
from gateway.events_api.errors import ValidationError
from gateway.events_api.rejects import read_received, rejected, sender_of
from gateway.scan.touchpoint import build_touchpoint, build_unknown_touchpoint
from schemas.brand.consent import Consent, Policy
from schemas.consent.statements import has_gpc, micros_of, statement_of
from schemas.kinds import SENDABLE, STOCK_REPORTED
from tests.support.gateway_process import IDENTIFIER_KEY, page_view, sale
from tests.support.validation import TILL, validated, validation_error

PROOF = {"text_id": "privacy", "language": "de-DE", "where": "till", "control": "checkbox"}
BROWSER = Sender("web", SENDABLE["web"], is_page=True, is_public=True, gpc=True)


def said(type: str = "consent_given", **properties: Any) -> dict[str, Any]:
    return page_view(type=type, properties={"purposes": ["identity"], "proof": PROOF} | properties)


@pytest.fixture(scope="module")
def strict(brand_view: BrandView) -> BrandView:
    """The test brand with a policy."""
    purpose = Consent(id="identity", policy="2", policies=(Policy("2", "de", "Wir erkennen Sie wieder."),))
    return build_brand_view(replace(brand_view.brand, consent={"identity": purpose}), IDENTIFIER_KEY)


def test_a_statement_has_one_form_that_every_reader_knows(brand_view: BrandView) -> None:
    event = validated(
        said(
            purposes=["identity", "marketing"],
            channels=["sms"],
            policy_version="2",
            expires_at="2040-01-01T00:00:00+01:00",
            jurisdiction="US-CA",
        ),
        brand_view,
    )
    statement = statement_of(event)
    assert statement is not None and statement.keys == ("identity", "marketing/sms")
    assert (statement.policy_version, statement.jurisdiction, statement.proof.control) == ("2", "US-CA", "checkbox")
    assert statement.expires_at == "2039-12-31T23:00:00.000000+00:00" and micros_of(statement.expires_at)


@pytest.mark.parametrize("second", range(60))
def test_the_end_of_a_statement_is_kept_whatever_its_digits_look_like(brand_view: BrandView, second: int) -> None:
    """03+00:00 looks like a phone number."""
    end = f"2040-11-29T15:{second:02}:{second:02}"
    statement = statement_of(validated(said(expires_at=f"{end}Z"), brand_view))
    assert statement is not None and statement.expires_at.startswith(end)
    assert micros_of(statement.expires_at) == micros_of(f"{end}+00:00") > 0


@pytest.mark.parametrize(
    ("properties", "reason", "field"),
    [
        ({"purposes": []}, "malformed", "properties.purposes"),
        ({"purposes": ["ads"]}, "malformed", "properties.purposes[0]"),
        ({"purposes": None}, "malformed", "properties.purposes"),
        ({"channels": ["sms"]}, "invalid", "properties.channels"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "invalid", "properties.expires_at"),
        ({"expires_at": "2101-01-01T00:00:00Z"}, "invalid", "properties.expires_at"),
        ({"expires_at": "soon"}, "malformed", "properties.expires_at"),
        ({"jurisdiction": "XX"}, "invalid", "properties.jurisdiction"),
        ({"proof": {"who": "Ann"}}, "malformed", "properties.proof.who"),
        ({"name": "Ann"}, "malformed", "properties.name"),
    ],
)
@pytest.mark.parametrize("type", ["consent_given", "consent_withdrawn"])
def test_what_has_another_form_is_rejected(
    type: str, properties: dict[str, Any], reason: str, field: str, brand_view: BrandView
) -> None:
    assert validation_error(said(type, **properties), brand_view)[:2] == (reason, field)


def test_a_grant_shows_what_was_agreed_to_and_a_withdrawal_needs_nothing(strict: BrandView) -> None:
    assert validation_error(said(policy_version="2", proof=None), strict)[:2] == ("malformed", "properties.proof")
    assert validation_error(said(policy_version="1"), strict)[1] == "properties.policy_version"
    assert validated(said(policy_version="2"), strict).type == "consent_given"
    bare = page_view(type="consent_withdrawn", properties={"purposes": ["identity"]})
    assert statement_of(validated(bare, strict)) is not None
    assert validated(said(purposes=["analytics"], proof=None), strict).type == "consent_given"


@pytest.mark.parametrize("family", ["web", "sensor", "till", "crm"])
def test_whoever_meets_people_may_say_what_they_said(family: str, brand_view: BrandView) -> None:
    assert validated(said(), brand_view, Sender(family, SENDABLE[family])).type == "consent_given"


def test_a_web_page_speaks_for_the_device_alone(brand_view: BrandView) -> None:
    customer = {"type": "customer", "value": "C-1"}
    event = validated(said() | {"identifiers": [customer, {"type": "device", "value": "phone-1"}]}, brand_view, BROWSER)
    assert event.identifiers == (brand_view.pseudonyms.identifier("device", "phone-1"),)


def test_what_a_browser_says_is_recorded_with_what_it_sends(brand_view: BrandView) -> None:
    event = validated(page_view(identifiers=[{"type": "device", "value": "p"}]), brand_view, BROWSER)
    assert has_gpc(event) and json.loads(event.properties) == {"gpc": True}
    assert has_gpc(validated(said() | {"identifiers": [{"type": "device", "value": "p"}]}, brand_view, BROWSER))
    assert not has_gpc(validated(page_view(), brand_view))
    stock = page_view(type=STOCK_REPORTED, store="mitte", properties={"sku": "tea", "quantity": 1})
    assert validated(stock, brand_view, with_gpc(TILL)).quantity == 1
    assert not has_gpc(validated(sale("1.00"), brand_view, with_gpc(TILL)))
    tag = brand_view.brand.tags["shelf-1"]
    for parameters in ({}, {"ref": "1"}):
        assert has_gpc(build_touchpoint(brand_view, tag, "d", 1, None, parameters, gpc=True))
        assert has_gpc(build_unknown_touchpoint(brand_view, "t", "d", 1, parameters, gpc=True))


def test_a_resend_without_the_header_is_the_same_event(brand_view: BrandView) -> None:
    event = page_view(event_id="A-1", identifiers=[{"type": "device", "value": "p"}])
    quiet = Sender("web", SENDABLE["web"], is_page=True, is_public=True)
    assert validated(event, brand_view, BROWSER).content == validated(event, brand_view, quiet).content


def test_a_reject_keeps_what_the_browser_said(brand_view: BrandView) -> None:
    reject = rejected(b"{}", ValidationError("", "x"), BROWSER, brand_view, 1)
    assert sender_of(read_received(reject.raw), ()).gpc


def with_gpc(sender: Sender) -> Sender:
    return Sender(sender.key_id, sender.types, gpc=True)
