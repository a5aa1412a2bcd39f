"""Names and addresses end in the gateway: what goes on is encoded, and comparable."""

import json
import time
from typing import Any

from gateway.brand import World
from gateway.judge import Sender, judge
from schemas.kinds import TYPES
from schemas.likeness.blocks import traits_of
from schemas.likeness.model import compare
from tests.gateway.street import page_view

TOLD = {"given_name": "Wilhelmina", "family_name": "Oberhauser", "birth_date": "1984-02-29", "postal_code": "10115"}


def properties(sent: dict[str, Any], world: World) -> str:
    raw = json.dumps(page_view(type="crm_contact", properties=sent)).encode()
    text: str = judge(raw, Sender("crm", TYPES), world, time.time_ns() // 1000).properties  # type: ignore[union-attr]
    return text


def test_no_name_or_address_goes_on(world: World) -> None:
    text = properties(TOLD | {"segment": "gold"}, world)
    assert not any(value in text for value in TOLD.values())
    assert json.loads(text).keys() == {"segment", "traits"}
    assert json.loads(properties(TOLD, world)).keys() == {"traits"}


def test_what_goes_on_can_be_compared(world: World) -> None:
    one, other = (traits_of(properties(told, world), "", 0) for told in (TOLD, TOLD | {"given_name": "Wilhelmine"}))
    assert one is not None and other is not None
    assert one.filters.keys() == TOLD.keys()
    assert set(one.blocks) & set(other.blocks)
    levels = dict(zip(("given_name", "family_name"), compare(one, other), strict=False))
    assert levels["family_name"] == 0 < levels["given_name"] < 5


def test_nobody_else_writes_traits(world: World) -> None:
    forged = {"traits": {"sort": "contact", "filters": {"city": "AAAAAAAAAAAAAAAAAAAAAQ=="}}}
    assert properties(forged, world) == "{}"
    assert json.loads(properties(TOLD | forged, world)) == json.loads(properties(TOLD, world))


def test_a_phone_is_told_beside_what_it_is(world: World) -> None:
    told = json.loads(properties({"device_model": "Pixel 12"}, world))
    assert told["device_model"] == "Pixel 12"
    assert told["traits"]["sort"] == "visit"
