"""The page of staff: signed in with a key, the shopper they serve in words, and nothing for anybody else."""

import re

import pytest
from yarl import URL

from gateway.brand.live import BrandView
from gateway.staff.texts import ENGLISH, GERMAN
from schemas.topics import PROFILE_SHOWN
from tests.support.gateway_process import GatewayProcess, read_events
from tests.support.privacy_client import address
from tests.support.privacy_page import Phone, form_to, forms
from tests.support.privacy_stream import answering
from tests.support.profiles import ALLOWED, REFUSED, answered, unknown
from tests.support.randomness import unique_word


async def signed_in(phone: Phone, key: str = "tablet-secret") -> str:
    """Signs in, and gives the page."""
    fields = form_to(await phone.page("/staff"), "/staff/sign-in")
    response = await phone.post("/staff/sign-in", fields | {"key": key})
    assert (response.status, response.headers["Location"]) == (303, "/staff")
    return await phone.page("/staff")


async def test_the_shopper_they_serve_is_shown_in_words_and_written_down(
    phone: Phone, bootstrap: str, brand_view: BrandView
) -> None:
    page, number = await signed_in(phone), unique_word()
    assert '<option value="loyalty">Loyalty number' in page and '<option value="badge">badge' in page
    async with answering(bootstrap, answered(ALLOWED)):
        response = await phone.post("/staff", form_to(page, "/staff") | {"kind": "loyalty", "value": number})
    shown = await response.text()
    assert response.status == 200, shown
    for text in (
        "In Corner Mitte since 16:13.", "Categories: drinks", "Tea: 3 ×, last on 21 September 2026",
        "28 May 2026: Pencil, drinks", "42 points", "Two teas &lt;b&gt;for one&lt;/b&gt; (16:25)",
        "&lt;gone&gt;: 1 ×", "Personal content: yes", "Offers by e-mail: no",
    ):  # fmt: skip
        assert text in shown, text
    assert number not in shown and "<script" not in shown
    assert '<meta http-equiv="refresh" content="1800;url=/staff">' in shown, "gone with the visit"
    assert response.headers["Cache-Control"] == "no-store"
    assert len(shown.encode()) < 14_000
    [written] = await read_events(
        bootstrap, PROFILE_SHOWN, lambda e: e.identifier == brand_view.pseudonyms.identifier("loyalty", number), 1
    )
    assert (written.source, written.via, written.outcome) == ("tablet", "page", "shown")


@pytest.mark.parametrize("answers", [answered(REFUSED), unknown], ids=["refused", "nobody"])
async def test_without_consent_there_is_nothing_and_how_to_give_it(
    phone: Phone, bootstrap: str, answers: object
) -> None:
    page = await signed_in(phone)
    async with answering(bootstrap, answers):  # type: ignore[arg-type]
        response = await phone.post("/staff", form_to(page, "/staff") | {"kind": "email", "value": address()})
    shown = await response.text()
    assert response.status == 200 and "https://privacy.example/privacy" in shown
    assert "points" not in shown and '<option value="email" selected>' in shown


async def test_what_is_mistyped_is_said_in_words(phone: Phone) -> None:
    page = await signed_in(phone)
    for kind, value in (("email", "nobody"), ("fax", "1"), ("", ""), ("loyalty", "null")):
        response = await phone.post("/staff", form_to(page, "/staff") | {"kind": kind, "value": value})
        assert response.status == 422 and ENGLISH.invalid in await response.text()


@pytest.mark.parametrize("key", ["", "x", "till-secret", "web-secret", "crm-secret", "sync-secret"])
async def test_nothing_but_a_key_of_staff_signs_in(phone: Phone, key: str) -> None:
    fields = form_to(await phone.page("/staff"), "/staff/sign-in")
    response = await phone.post("/staff/sign-in", fields | {"key": key})
    assert response.status == 403 and ENGLISH.wrong_key in await response.text()
    assert "Set-Cookie" not in response.headers


async def test_whoever_is_not_signed_in_sees_nobody(phone: Phone, page_gateway: GatewayProcess) -> None:
    page = await phone.page("/staff")
    assert [to for to, _ in forms(page)] == ["/staff/sign-in"]
    response = await phone.post("/staff", form_to(page, "/staff/sign-in") | {"kind": "loyalty", "value": "1"})
    assert (response.status, response.headers["Location"]) == (303, "/staff")

    own = form_to(await signed_in(phone), "/staff")
    await phone.post("/staff/sign-out", form_to(await phone.page("/staff"), "/staff/sign-out"))
    assert [to for to, _ in forms(await phone.page("/staff"))] == ["/staff/sign-in"]
    phone.cookies.update_cookies({"fp_staff": "AAAA"}, URL(page_gateway.url))
    assert (await phone.post("/staff", own | {"kind": "loyalty", "value": "1"})).status == 303


async def test_a_form_of_elsewhere_is_refused(phone: Phone) -> None:
    page = await signed_in(phone)
    fields = {"kind": "loyalty", "value": "1"}
    own = form_to(page, "/staff") | fields
    for forged, headers in ((fields, {}), (own | {"token": "x"}, {}), (own, {"Sec-Fetch-Site": "cross-site"})):
        assert (await phone.post("/staff", forged, **headers)).status == 403
    assert (await phone.post("/staff/sign-out", {"token": "x"})).status == 403


async def test_the_cookie_is_out_of_reach(phone: Phone) -> None:
    fields = form_to(await phone.page("/staff"), "/staff/sign-in")
    response = await phone.post("/staff/sign-in", fields | {"key": " tablet-secret "})
    cookie = response.headers["Set-Cookie"]
    for attribute in ("HttpOnly", "SameSite=strict", "Path=/staff", "Max-Age=43200"):
        assert attribute in cookie
    assert "tablet-secret" not in cookie
    https = await phone.post("/staff/sign-in", fields | {"key": "tablet-secret"}, **{"X-Forwarded-Proto": "https"})
    assert "; Secure" in https.headers["Set-Cookie"]


async def test_the_page_speaks_german(phone: Phone) -> None:
    page = await phone.page("/staff", **{"Accept-Language": "de"})
    assert GERMAN.sign_in_text in page and 'lang="de"' in page
    assert not re.search(r"[{}]", re.sub(r"<style>.*?</style>", "", page))
