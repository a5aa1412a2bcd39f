"""Names and addresses do not leave the gateway: published traits are encoded and comparable."""

import json
import time
from typing import Any

from gateway.brand.live import BrandView
from gateway.events_api.draft import Sender
from gateway.events_api.validate import validate
from schemas.kinds import TYPES
from schemas.matching.blocks import traits_of
from schemas.matching.model import compare
from schemas.matching.traits import GENERATIONS
from tests.support.gateway_process import page_view

TRAITS = {"given_name": "Wilhelmina", "family_name": "Oberhauser", "birth_date": "1984-02-29", "postal_code": "10115"}


def properties(sent: dict[str, Any], brand_view: BrandView) -> str:
    raw = json.dumps(page_view(type="crm_contact", properties=sent)).encode()
    text: str = validate(raw, Sender("crm", TYPES), brand_view, time.time_ns() // 1000).event.properties  # type: ignore[union-attr]
    return text


def test_no_name_or_address_is_published(brand_view: BrandView) -> None:
    text = properties(TRAITS | {"segment": "gold"}, brand_view)
    assert not any(value in text for value in TRAITS.values())
    assert json.loads(text).keys() == {"segment", "traits"}
    assert json.loads(properties(TRAITS, brand_view)).keys() == {"traits"}


def test_published_traits_can_be_compared(brand_view: BrandView) -> None:
    one, other = (
        traits_of(properties(given, brand_view), "", 0) for given in (TRAITS, TRAITS | {"given_name": "Wilhelmine"})
    )
    assert one is not None and other is not None
    assert one.filters.keys() == {*TRAITS, *GENERATIONS}
    assert set(one.blocks) & set(other.blocks)
    levels = dict(zip(("given_name", "family_name"), compare(one, other), strict=False))
    assert levels["family_name"] == 0 < levels["given_name"] < 5


def test_encoded_traits_of_a_sender_are_discarded(brand_view: BrandView) -> None:
    forged = {"traits": {"record_type": "contact", "filters": {"city": "AAAAAAAAAAAAAAAAAAAAAQ=="}}}
    assert properties(forged, brand_view) == "{}"
    assert json.loads(properties(TRAITS | forged, brand_view)) == json.loads(properties(TRAITS, brand_view))


def test_traits_of_a_device_are_published_as_they_are_too(brand_view: BrandView) -> None:
    published = json.loads(properties({"device_model": "Pixel 12"}, brand_view))
    assert published["device_model"] == "Pixel 12"
    assert published["traits"]["record_type"] == "visit"
