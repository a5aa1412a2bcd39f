"""Names that a sender gives (ids, SKUs, campaigns, stores, channels) are kept as they are: no digits are taken for a
phone number, no letter for a control character, and blanks around them count nowhere."""

import json

import pytest
from msgspec.structs import replace

from deploy.operate.costs.rows import Costs
from gateway.brand.live import BrandView, build_brand_view
from schemas.events import Line
from tests.support.gateway_process import IDENTIFIER_KEY, page_view, sale
from tests.support.validation import validated, validation_error

NAMES = ("store", "tag", "placement", "zone", "product", "campaign", "channel")


@pytest.mark.parametrize("event_id", ["0431234567", "R-0201000001", "0151-12345678", "call-015112345678"])
def test_no_id_is_a_phone_number(brand_view: BrandView, event_id: str) -> None:
    assert validated(sale(event_id=event_id), brand_view).event_id == f"till/{event_id}"
    back = sale(type="return", properties={"amount": "1", "sale_event_id": event_id})
    assert validated(back, brand_view).related_event_id == f"till/{event_id}"


@pytest.mark.parametrize("name", ["0431234567", "015112345678", "4006381333931", "212 555 0143"])
def test_no_name_is_a_phone_number(brand_view: BrandView, name: str) -> None:
    event = validated(page_view(**dict.fromkeys(NAMES, name)), brand_view)
    assert [getattr(event, field) for field in NAMES] == [name] * len(NAMES)
    lines = [{"sku": name, "quantity": 1, "amount": "4"}]
    assert validated(sale(properties={"amount": "4", "lines": lines}), brand_view).lines == (Line(name, 1, 4_000_000),)
    stock = page_view(type="stock_reported", store=name, properties={"sku": name, "quantity": 1})
    assert (validated(stock, brand_view).store, validated(stock, brand_view).sku) == (name, name)


@pytest.mark.parametrize("country", ["US", "IN", "DE", "PA"])
def test_no_number_of_a_campaign_is_a_phone_number_in_any_country(brand_view: BrandView, country: str) -> None:
    about = replace(brand_view.brand.about, country=country)
    view = build_brand_view(replace(brand_view.brand, about=about), IDENTIFIER_KEY)
    ids = ("6453292723", "1784530291", "2025550143", "20935501234", "120208464748560123", "21234567890", "19876543210")
    for campaign in ids:
        assert validated(page_view(campaign=campaign), view).campaign == campaign
        ((_, line),) = Costs(["day,campaign,amount\n", f"2026-03-01,{campaign},5\n"], "costs.csv")
        assert validated(line.text, view).campaign == campaign  # type: ignore[union-attr]


def test_codes_among_the_properties_stay(brand_view: BrandView) -> None:
    properties = {
        "receipt": "0431234567", "headphone_sku": "4006381333931", "mobile_app_version": "2026.04.0112",
        "order": {"number": "0431234567"}, "skus": ["0431234567"], "phoneModel": "0431234567",
    }  # fmt: skip
    assert json.loads(validated(page_view(properties=properties), brand_view).properties) == properties


def test_a_brand_declares_codes_of_its_own(brand_view: BrandView) -> None:
    about = replace(brand_view.brand.about, code_properties=("basis",))
    view = build_brand_view(replace(brand_view.brand, about=about), IDENTIFIER_KEY)
    event = page_view(properties={"basis": "0431234567", "base": "0431234567"})
    assert json.loads(validated(event, view).properties)["basis"] == "0431234567"
    assert "0431234567" not in validated(event, brand_view).properties


def test_free_text_and_properties_that_nobody_declared_are_scrubbed(brand_view: BrandView) -> None:
    properties = {
        "note": "0431 234567", "basis": "0431234567", "customerphone": 431234567, "order": {"note": "call 0431 234567"},
        "receipt": "for ann@corner.example", "msisdn": "49431234567", "whatsapp_id": "49431234567",
        "phone_number": {"home": {"value": "0431 234567"}},
    }  # fmt: skip
    text = validated(page_view(properties=properties), brand_view).properties
    assert "234567" not in text and "ann@" not in text
    assert text.count("[phone:") == 7 and text.count("[email:") == 1


@pytest.mark.parametrize(
    "name",
    ["Soldes\u00a0!", "Soldes\u202f!", "春の\u3000キャンペーン", "👨\u200d👩\u200d👧 week", "می\u200cخواهم",
     "🫨 shake", "Früh\u00adling", "❤️", "A > B", "back\\slash", "it's \"quoted\"", "%", "*", "NULL"],
)  # fmt: skip
def test_every_letter_of_a_name_stays(brand_view: BrandView, name: str) -> None:
    assert validated(page_view(campaign=name, channel=name), brand_view).campaign == name


@pytest.mark.parametrize("around", [" ", "\t", "\n", "\u00a0", "\u3000", "\u200b", "\ufeff", " \u2009"])
def test_blanks_around_a_name_are_alike_in_events_and_costs(brand_view: BrandView, around: str) -> None:
    blank = f"{around}Früh sale{around}"
    assert validated(page_view(campaign=blank), brand_view).campaign == "Früh sale"
    ((_, line),) = Costs(["day,campaign,amount\n", f'2026-03-01,"{blank}",40\n'], "costs.csv")
    assert validated(line.text, brand_view).campaign == "Früh sale"  # type: ignore[union-attr]
    assert validated(page_view(campaign=around), brand_view).campaign == ""
    assert validated(page_view(tag=f"shelf-1{around}"), brand_view).campaign == "spring"


def test_a_name_is_one_in_either_form_of_unicode(brand_view: BrandView) -> None:
    for spelled in ("Fr\u00fchling", "Fru\u0308hling"):
        assert validated(page_view(campaign=spelled), brand_view).campaign == "Fr\u00fchling"
        rows = Costs(["day,campaign,amount\n", f"2026-03-01,{spelled},40\n"], "costs.csv")
        assert [json.loads(line.text)["campaign"] for _, line in rows] == ["Fr\u00fchling"]  # type: ignore[union-attr]


def test_a_blank_sku_is_refused(brand_view: BrandView) -> None:
    lines = [{"sku": "\u3000", "quantity": 1, "amount": "4"}]
    found = validation_error(sale(properties={"amount": "4", "lines": lines}), brand_view)
    assert found == ("invalid", "properties.lines[0].sku", "is blank")
