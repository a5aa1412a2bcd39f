"""``/me`` of a gateway: the device of the cookie and nobody else, asked for once in a while."""

import gzip
import re
from typing import Any

import pytest
from yarl import URL

from gateway.brand.live import BrandView
from gateway.profile.words import ME_WORDS
from gateway.scan.personal_links import PersonalLinks
from schemas.coupons.codes import shown
from schemas.events import Event, PrivacyRequested
from schemas.identifiers.devices import IssuedDevices
from schemas.ids import person_of
from schemas.topics import COUPON_REQUESTED, PRIVACY_REQUESTED
from tests.gateway.privacy.test_page import device_of
from tests.support.accounts import ACCOUNT
from tests.support.gateway_process import IDENTIFIER_KEY, GatewayProcess, read_events
from tests.support.privacy_page import Phone
from tests.support.privacy_stream import answer, answering, data_parts, known, publish
from tests.support.profiles import answered, unknown
from tests.support.randomness import unique_word

WORDS = ME_WORDS["en"]


async def opened(phone: Phone, **headers: str) -> tuple[str, str]:
    """The page, and what becomes of the copy."""
    response = await phone.request("GET", "/me", headers=headers)
    assert response.status == 200, await response.text()
    return await response.text(), response.headers["Footpath-Me"]


async def test_a_phone_without_a_cookie_is_told_how_to_begin(phone: Phone) -> None:
    page, copy = await opened(phone)
    assert WORDS.nothing in page and WORDS.begin in page and copy == "drop"
    assert "<script" not in page and not len(phone.cookies)


async def test_a_phone_sees_its_points(phone: Phone, bootstrap: str, brand_view: BrandView) -> None:
    identifier = await device_of(phone, bootstrap, brand_view)
    async with answering(bootstrap, answered(ACCOUNT)):
        page, copy = await opened(phone)
        again, _ = await opened(phone)
    link = re.search(r'href="[^"]*/s/(r\.[a-z2-7]{52})"', page)
    assert link and WORDS.personal_link in page
    followed = PersonalLinks(IDENTIFIER_KEY).followed(link[1], brand_view)
    assert followed is not None and followed[1] == person_of(identifier), "one's own and nobody else's"
    assert "Points: 1.240" in page and "+1.250" in page and copy == "keep"
    assert "&lt;later&gt;" not in page, "a kind that this gateway does not know has no name"
    assert re.sub("As of.*?<", "", page) == re.sub("As of.*?<", "", again)
    asked = await read_events(
        bootstrap, PRIVACY_REQUESTED, lambda e: e.identifier == identifier and e.action == "me", 1
    )
    assert [(one.scope, one.source, one.of) for one in asked] == [("device", "page", 1)], "one for both"


async def test_a_coupon_that_is_seen_first_is_shown_from_then_on(
    phone: Phone, bootstrap: str, brand_view: BrandView
) -> None:
    await device_of(phone, bootstrap, brand_view)
    coupons = [{"code": f"{unique_word().upper()}", "pool": "spring", "state": state} for state in ("issued", "shown")]
    async with answering(bootstrap, answered(ACCOUNT | {"coupons": coupons})):
        for _ in range(3):
            page, _copy = await opened(phone)
            assert all(shown(one["code"]) in page for one in coupons)
    codes = {one["code"] for one in coupons}
    found = await read_events(bootstrap, COUPON_REQUESTED, lambda e: e.code in codes, 1)
    assert [(one.code, one.key, one.action) for one in found] == [(coupons[0]["code"], coupons[0]["code"], "show")]


async def test_a_page_that_waits_or_fails_leaves_the_copy(phone: Phone, bootstrap: str, brand_view: BrandView) -> None:
    identifier = await device_of(phone, bootstrap, brand_view)
    page, copy = await opened(phone)
    assert WORDS.gathering in page and 'http-equiv="refresh"' in page and copy == "wait"
    [asked] = await read_events(
        bootstrap, PRIVACY_REQUESTED, lambda e: e.identifier == identifier and e.action == "me", 1
    )
    await publish(bootstrap, [answer(asked, status="failed")])
    page, copy = await opened(phone)
    assert WORDS.away in page and copy == "wait"


@pytest.mark.parametrize("data", [{"balance": "much"}, {"entries": 1}, {"is_kept": None}])
async def test_an_answer_of_a_stranger_is_none(
    phone: Phone, bootstrap: str, brand_view: BrandView, data: dict[str, Any]
) -> None:
    await device_of(phone, bootstrap, brand_view)
    async with answering(bootstrap, answered(data)):
        page, copy = await opened(phone)
    assert WORDS.away in page and copy == "wait"


async def test_a_phone_that_is_nobodys_has_no_copy(phone: Phone, bootstrap: str, brand_view: BrandView) -> None:
    await device_of(phone, bootstrap, brand_view)
    async with answering(bootstrap, unknown):
        page, copy = await opened(phone)
    assert WORDS.nothing in page and copy == "drop"


async def test_nobody_sees_the_points_of_another_phone(
    phone: Phone, page_gateway: GatewayProcess, bootstrap: str, brand_view: BrandView
) -> None:
    """The cookie of a stranger's making, and an own cookie of another device."""
    own = await device_of(phone, bootstrap, brand_view)

    def only_own(request: PrivacyRequested) -> list[Event]:
        if request.identifier != own:
            return [answer(request, status="nobody")]
        return [*data_parts(request, ACCOUNT), answer(request, parts=1)]

    device = phone.cookies.filter_cookies(URL(page_gateway.url))["fp_device"].value.partition(".")[0]
    async with answering(bootstrap, only_own):
        assert "1.240" in (await opened(phone))[0]
        for value in (IssuedDevices(bytes(32)).signed(device), device, f"{device}.x"):
            async with Phone(page_gateway, **{"Cookie": f"fp_device={value}", "Accept-Language": "en"}) as stranger:
                page, copy = await opened(stranger)
                assert WORDS.nothing in page and copy == "drop", value
        async with Phone(page_gateway, **{"Accept-Language": "en"}) as other:
            await other.scan("page-1")
            assert WORDS.nothing in (await opened(other))[0]


async def test_the_page_is_small_strict_and_in_the_phones_language(
    phone: Phone, bootstrap: str, brand_view: BrandView
) -> None:
    await device_of(phone, bootstrap, brand_view)
    async with answering(bootstrap, answered(ACCOUNT)):
        response = await phone.request("GET", "/me", headers={"Accept-Language": "ar", "Accept-Encoding": "identity"})
    assert "Content-Encoding" not in response.headers
    html = await response.read()
    assert b'lang="ar" dir="rtl"' in html and len(gzip.compress(html)) < 14 << 10
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ") and "worker-src 'self'" in policy and "http" not in policy
    assert response.headers["Cache-Control"] == "no-store", "the copy is the service worker's alone"
    assert not re.search(rb'(src|href)="(https?:)?//', html)


async def test_the_worker_answers_for_the_page_alone(phone: Phone) -> None:
    response = await phone.request("GET", "/me/sw.js")
    assert response.status == 200 and response.headers["Content-Type"].startswith("text/javascript")
    assert response.headers["Service-Worker-Allowed"] == "/me"
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'; connect-src 'self'")


async def test_the_page_of_data_leads_to_the_points(phone: Phone, bootstrap: str, brand_view: BrandView) -> None:
    await device_of(phone, bootstrap, brand_view)
    async with answering(bootstrap, known):
        assert 'href="/me"' in await phone.page()
