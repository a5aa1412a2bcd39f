"""Validation of identifiers: placeholders, random MAC addresses, and an operator's statements."""

import pytest

from gateway.brand.live import BrandView
from gateway.events_api.draft import Sender
from schemas.events import Line
from schemas.kinds import FAMILIES
from tests.support.gateway_process import page_view, sale
from tests.support.validation import validated, validation_error


def known_by(**values: str) -> list[dict[str, str]]:
    return [{"type": kind, "value": value} for kind, value in values.items()]


def test_a_hashed_identifier_may_be_replayed(brand_view: BrandView) -> None:
    hashed = brand_view.pseudonyms.identifier("phone", "+49 151 12345678")
    replayed = page_view(
        identifiers=[{"type": "phone", "hash": hashed.partition(":")[2]}, {"type": "badge", "value": "7"}]
    )
    assert validated(replayed, brand_view).primary_identifier == hashed


def test_a_placeholder_beside_an_identifier_is_carried_but_identifies_nobody(brand_view: BrandView) -> None:
    event = validated(
        page_view(identifiers=known_by(customer="NULL", device="d1", email="noreply@corner.example")), brand_view
    )
    device = brand_view.pseudonyms.identifier("device", "d1")
    assert event.primary_identifier == device
    assert event.identifiers == ("customer:blocked", device, "email:blocked")


@pytest.mark.parametrize(
    ("identifiers", "field"),
    [
        (known_by(customer="undefined"), "identifiers[0].value"),
        (known_by(customer='"null"', phone="000000000"), "identifiers[0].value"),
        (known_by(mac="ff:ff:ff:ff:ff:ff"), "identifiers[0].value"),
    ],
)
def test_an_event_with_placeholders_only_is_rejected(
    brand_view: BrandView, identifiers: list[dict[str, str]], field: str
) -> None:
    reason, where, detail = validation_error(page_view(identifiers=identifiers), brand_view)
    assert (reason, where) == ("blocked_value", field) and "placeholder" in detail


def test_a_random_mac_is_another_identifier_on_another_day(brand_view: BrandView) -> None:
    def seen(day: int, mac: str) -> str:
        at = f"2026-06-0{day}T10:00:00Z"
        return str(validated(page_view(occurred_at=at, identifiers=known_by(mac=mac)), brand_view).primary_identifier)

    assert seen(1, "da:a1:19:00:11:22") == seen(1, "DAA119001122") != seen(2, "da:a1:19:00:11:22")
    assert seen(1, "00:1a:2b:00:11:22") == seen(2, "00:1a:2b:00:11:22")


@pytest.mark.parametrize("kind", ["identity_linked", "identity_unlinked"])
def test_an_operators_statement_is_about_two_identifiers(brand_view: BrandView, kind: str) -> None:
    event = validated(page_view(type=kind, identifiers=known_by(phone="0151 12345678", customer="C-1")), brand_view)
    assert event.type == kind and len(event.identifiers) == 2
    assert event.primary_identifier == brand_view.pseudonyms.identifier("customer", "C-1")
    alike = [*known_by(customer="C-1"), *known_by(customer=" C-1 ")]
    for identifiers in (known_by(customer="C-1"), alike, known_by(customer="C-1", phone="0151 12345678", device="d")):
        assert validation_error(page_view(type=kind, identifiers=identifiers), brand_view) == (
            "invalid", "identifiers", "must be two different ones",
        )  # fmt: skip
    reason, field, _ = validation_error(
        page_view(type=kind, identifiers=known_by(customer="C-1", email="test@a.de")), brand_view
    )
    assert (reason, field) == ("blocked_value", "identifiers[1].value")


def test_only_a_key_with_the_scope_may_state_identities(brand_view: BrandView) -> None:
    statement = page_view(type="identity_linked", identifiers=known_by(customer="C-1", device="d1"))
    for family, may in (("identity", True), ("crm", False), ("till", False)):
        sender = Sender(family, FAMILIES[family])
        if may:
            assert validated(statement, brand_view, sender).source == "identity"
        else:
            assert validation_error(statement, brand_view, sender)[:2] == ("forbidden", "type")


def test_crm_records_and_receipts_carry_identifiers_and_lines(brand_view: BrandView) -> None:
    person = known_by(customer="C-1", email="ann@corner.example", phone="0151 12345678", loyalty="L-9", badge="7")
    contact = validated(page_view(type="crm_contact", identifiers=person, properties={"city": "Jena"}), brand_view)
    assert [one.partition(":")[0] for one in contact.identifiers] == ["customer", "email", "phone", "loyalty", "badge"]
    lines = [{"sku": "tea", "quantity": 2, "amount": "7.80"}]
    bought = validated(sale("7.80", identifiers=person, properties={"amount": "7.80", "lines": lines}), brand_view)
    back = validated(
        sale("3.90", type="return", identifiers=person[:1],
             properties={"amount": "3.90", "sale_event_id": bought.event_id,
                         "lines": [{"sku": "tea", "quantity": 1, "amount": "3.90"}]}), brand_view,
    )  # fmt: skip
    assert bought.primary_identifier == back.primary_identifier == contact.primary_identifier
    assert bought.lines == (Line("tea", 2, 7_800_000),) and back.lines == (Line("tea", 1, 3_900_000),)
    assert back.related_event_id == bought.event_id
