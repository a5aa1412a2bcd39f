"""Who an event is about: identifiers, what is nobody's, and an operator's word."""

import pytest

from gateway.brand import World
from gateway.judge import Sender
from schemas.events import Line
from schemas.kinds import FAMILIES
from tests.gateway.judging import refused, taken
from tests.gateway.street import page_view, sale


def known_by(**values: str) -> list[dict[str, str]]:
    return [{"type": kind, "value": value} for kind, value in values.items()]


def test_a_hashed_identifier_may_be_replayed(world: World) -> None:
    hashed = world.pseudonyms.identifier("phone", "+49 151 12345678")
    again = page_view(
        identifiers=[{"type": "phone", "hash": hashed.partition(":")[2]}, {"type": "badge", "value": "7"}]
    )
    assert taken(again, world).anchor == hashed


def test_a_placeholder_beside_an_identifier_is_carried_but_is_nobodys(world: World) -> None:
    event = taken(page_view(identifiers=known_by(customer="NULL", device="d1", email="noreply@corner.example")), world)
    device = world.pseudonyms.identifier("device", "d1")
    assert event.anchor == device
    assert event.identifiers == ("customer:blocked", device, "email:blocked")


@pytest.mark.parametrize(
    ("identifiers", "field"),
    [
        (known_by(customer="undefined"), "identifiers[0].value"),
        (known_by(customer='"null"', phone="000000000"), "identifiers[0].value"),
        (known_by(mac="ff:ff:ff:ff:ff:ff"), "identifiers[0].value"),
    ],
)
def test_an_event_that_is_only_a_placeholders_is_rejected(
    world: World, identifiers: list[dict[str, str]], field: str
) -> None:
    reason, where, detail = refused(page_view(identifiers=identifiers), world)
    assert (reason, where) == ("blocked_value", field) and "placeholder" in detail


def test_a_random_mac_is_somebody_else_tomorrow(world: World) -> None:
    def seen(day: int, mac: str) -> str:
        at = f"2026-06-0{day}T10:00:00Z"
        return str(taken(page_view(occurred_at=at, identifiers=known_by(mac=mac)), world).anchor)

    assert seen(1, "da:a1:19:00:11:22") == seen(1, "DAA119001122") != seen(2, "da:a1:19:00:11:22")
    assert seen(1, "00:1a:2b:00:11:22") == seen(2, "00:1a:2b:00:11:22")


@pytest.mark.parametrize("word", ["identity_linked", "identity_unlinked"])
def test_an_operators_word_is_about_two_identifiers(world: World, word: str) -> None:
    event = taken(page_view(type=word, identifiers=known_by(phone="0151 12345678", customer="C-1")), world)
    assert event.type == word and len(event.identifiers) == 2
    assert event.anchor == world.pseudonyms.identifier("customer", "C-1")
    alike = [*known_by(customer="C-1"), *known_by(customer=" C-1 ")]
    for identifiers in (known_by(customer="C-1"), alike, known_by(customer="C-1", phone="0151 12345678", device="d")):
        assert refused(page_view(type=word, identifiers=identifiers), world) == (
            "invalid", "identifiers", "must be two different ones",
        )  # fmt: skip
    reason, field, _ = refused(page_view(type=word, identifiers=known_by(customer="C-1", email="test@a.de")), world)
    assert (reason, field) == ("blocked_value", "identifiers[1].value")


def test_only_a_key_with_the_scope_may_say_who_is_who(world: World) -> None:
    word = page_view(type="identity_linked", identifiers=known_by(customer="C-1", device="d1"))
    for family, may in (("identity", True), ("crm", False), ("till", False)):
        sender = Sender(family, FAMILIES[family])
        if may:
            assert taken(word, world, sender).source == "identity"
        else:
            assert refused(word, world, sender)[:2] == ("forbidden", "type")


def test_crm_records_and_receipts_bring_who_and_what(world: World) -> None:
    person = known_by(customer="C-1", email="ann@corner.example", phone="0151 12345678", loyalty="L-9", badge="7")
    contact = taken(page_view(type="crm_contact", identifiers=person, properties={"city": "Jena"}), world)
    assert [one.partition(":")[0] for one in contact.identifiers] == ["customer", "email", "phone", "loyalty", "badge"]
    lines = [{"sku": "tea", "quantity": 2, "amount": "7.80"}]
    bought = taken(sale("7.80", identifiers=person, properties={"amount": "7.80", "lines": lines}), world)
    back = taken(
        sale("3.90", type="return", identifiers=person[:1],
             properties={"amount": "3.90", "sale_event_id": bought.event_id,
                         "lines": [{"sku": "tea", "quantity": 1, "amount": "3.90"}]}), world,
    )  # fmt: skip
    assert bought.anchor == back.anchor == contact.anchor
    assert bought.lines == (Line("tea", 2, 7_800_000),) and back.lines == (Line("tea", 1, 3_900_000),)
    assert back.related_event_id == bought.event_id
