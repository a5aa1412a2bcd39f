"""An identifier that cannot be used never sinks the event of one that can: it is left out, and the verdict says so."""

from typing import Any

import pytest

from gateway.brand.live import BrandView, build_brand_view
from schemas.brand.load import load
from schemas.brand.model import Brand
from tests.support.gateway_process import BRAND, IDENTIFIER_KEY, page_view, sale
from tests.support.validation import validated, validation_error, warnings

GOOD = {"type": "customer", "value": "C-17"}
UNUSABLE: list[tuple[Any, str]] = [
    ({"type": "email", "value": ""}, "identifiers[1].value: is empty"),
    ({"type": "email", "value": "\u200b "}, "identifiers[1].value: is empty"),
    ({"type": "email", "value": None}, "identifiers[1]: must have either value or hash"),
    ({"type": "email"}, "identifiers[1]: must have either value or hash"),
    ({"type": "email", "value": "ann"}, "identifiers[1].value: is no e-mail address"),
    ({"type": "email", "value": "a@\u2764.example"}, "identifiers[1].value: has a domain that cannot be registered"),
    ({"type": "email", "hash": "xyz"}, "identifiers[1].hash: "),
    (
        {"type": "phone", "value": "+49 30 1"},
        "identifiers[1].value: is no phone number of any country's numbering plan",
    ),
    ({"type": "phone", "value": 4930770077}, "identifiers[1].value: Expected `str | null`, got `int`"),
    ({"type": "mac", "value": "aa:bb"}, "identifiers[1].value: is no MAC address"),
    ({"type": "shoe", "value": "44"}, "identifiers[1].type: is no known type of identifier"),
    ({"type": "customer", "value": "a\x00b"}, "identifiers[1].value: has control characters"),
    ({"value": "44"}, "identifiers[1].type: is missing"),
    ({"type": "customer", "value": "x", "colour": "red"}, "identifiers[1].colour: is no known field"),
    ("C-18", "identifiers[1]: Expected `object`, got `str`"),
    (None, "identifiers[1]: Expected `object`, got `null`"),
]
PLACEHOLDERS = [
    {"type": "email", "value": "-"}, {"type": "phone", "value": "ask later"}, {"type": "email", "value": "keine"},
    {"type": "loyalty", "value": "000000"},
]  # fmt: skip


@pytest.mark.parametrize(("unusable", "warning"), UNUSABLE)
def test_it_is_left_out_with_a_warning(brand_view: BrandView, unusable: Any, warning: str) -> None:
    event = sale(identifiers=[GOOD, unusable])
    assert validated(event, brand_view).identifiers == (brand_view.pseudonyms.identifier("customer", "C-17"),)
    (found,) = warnings(event, brand_view)
    assert found.startswith(warning)
    assert (
        validated(sale(identifiers=[unusable, GOOD]), brand_view).identifiers
        == validated(event, brand_view).identifiers
    )


@pytest.mark.parametrize("placeholder", PLACEHOLDERS)
def test_a_placeholder_is_carried_with_a_warning(brand_view: BrandView, placeholder: dict[str, str]) -> None:
    event = sale(identifiers=[GOOD, placeholder])
    assert validated(event, brand_view).identifiers[1] == f"{placeholder['type']}:blocked"
    assert warnings(event, brand_view) == ("identifiers[1].value: is a placeholder, which is nobody's",)


@pytest.mark.parametrize("unusable", [one for one, _ in UNUSABLE])
def test_a_statement_about_two_identifiers_needs_both(brand_view: BrandView, unusable: Any) -> None:
    for identifiers in ([GOOD, unusable], [GOOD, {"type": "device", "value": "d"}, unusable]):
        assert validation_error(page_view(type="identity_linked", identifiers=identifiers), brand_view)[1].startswith(
            f"identifiers[{len(identifiers) - 1}]"
        )


def test_an_event_without_any_that_is_of_use_is_rejected(brand_view: BrandView) -> None:
    for unusable, warning in UNUSABLE:
        field = warning.partition(":")[0].replace("[1]", "[0]")
        assert validation_error(page_view(identifiers=[unusable, *PLACEHOLDERS]), brand_view)[1] == field


def test_a_good_event_has_no_warning(brand_view: BrandView) -> None:
    assert warnings(sale(identifiers=[GOOD]), brand_view) == ()


def test_a_national_number_is_read_in_the_country_of_the_store(brand: Brand) -> None:
    view = build_brand_view(brand, IDENTIFIER_KEY)
    for event, number in (
        (page_view(store="wien"), "+43 1 58858"), (page_view(tag="wien-door"), "+43 1 58858"),
        (page_view(), "+49 1 58858"), (page_view(store="elsewhere"), "+49 1 58858"),
    ):  # fmt: skip
        event["identifiers"] = [GOOD, {"type": "phone", "value": "01 58858"}]
        found = validated(event, view).identifiers
        if number.startswith("+43"):
            assert found[1] == view.pseudonyms.identifier("phone", number)
        else:
            assert len(found) == 1, "no number of the brand's country"


@pytest.fixture
def brand(tmp_path: Any) -> Brand:
    text = BRAND.read_text("utf-8")
    store = "stores:\n  - {id: wien, name: Wien, time_zone: Europe/Vienna, country: AT}\n"
    door = "tags:\n  - {id: wien-door, placement: door, store: wien}\n"
    file = tmp_path / "brand.yaml"
    file.write_text(text.replace("stores:\n", store).replace("tags:\n", door), "utf-8")
    return load(file)
