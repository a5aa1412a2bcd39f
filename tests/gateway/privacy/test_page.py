"""The privacy page: what is known and allowed in words, switches that are statements, export and erasure."""

import pytest
from yarl import URL

from gateway.brand.live import BrandView
from schemas.consent.statements import has_gpc, statement_of
from schemas.events import PrivacyRequested
from schemas.topics import PRIVACY_REQUESTED, TOUCHPOINT_RECORDED
from tests.support.gateway_process import GatewayProcess, read_events, wait_until
from tests.support.privacy_page import Phone, form_to, forms
from tests.support.privacy_stream import KNOWN, answer, answering, known, publish


async def device_of(phone: Phone, bootstrap: str, brand_view: BrandView) -> str:
    """Scans, and gives the identifier of the phone."""
    event_id = (await phone.scan("page-1")).headers["Footpath-Event"]
    [found] = await read_events(bootstrap, TOUCHPOINT_RECORDED, lambda e: e.event_id == event_id, 1)
    return str(found.primary_identifier)


async def requests_of(bootstrap: str, identifier: str, count: int, action: str) -> list[PrivacyRequested]:
    return await read_events(
        bootstrap, PRIVACY_REQUESTED, lambda e: e.identifier == identifier and e.action == action, count
    )


async def test_a_phone_without_a_cookie_is_unknown_and_asks_nothing(phone: Phone, bootstrap: str) -> None:
    page = await phone.page()
    assert "Nothing is known about this device" in page and "What you allow" not in page
    assert [to for to, _ in forms(page)] == ["/privacy/link"], "no device: nothing to switch, export or erase"
    assert not len(phone.cookies), "and it does not get a cookie by looking"


async def test_what_is_known_is_said_in_words(phone: Phone, bootstrap: str, brand_view: BrandView) -> None:
    identifier = await device_of(phone, bootstrap, brand_view)
    async with answering(bootstrap, known):
        page = await phone.page()
        again = await phone.page()
    for text in (
        "12 scans, visits and other contacts, from 1 March 2026 to 3 October 2026.",
        "Places: &lt;gone&gt;, Corner Mitte.",
        "Purchases: 2 (12.50 EUR).", "Points: 40.", "Open coupons: 2.", "We chose 9 times",
        "Your choice since 4 May 2026. Version of the text: 1.",
    ):  # fmt: skip
        assert text in page, text
    assert page == again and "http-equiv" not in page and "<script" not in page
    shows = await requests_of(bootstrap, identifier, 1, "show")
    assert [(one.scope, one.source, one.of) for one in shows] == [("device", "page", 1)], "one for both"
    assert {own["key"]: own["given"] for to, own in forms(page) if to == "/privacy/consent"} == {
        "identity": "1", "marketing/email": "1", "marketing/sms": "0", "marketing/whatsapp": "1", "marketing/push": "1",
        "analytics": "0",
    }  # fmt: skip


async def test_a_page_that_waits_loads_again_and_asks_once(phone: Phone, bootstrap: str, brand_view: BrandView) -> None:
    identifier = await device_of(phone, bootstrap, brand_view)
    pages = [await phone.page(), await phone.page()]
    for page in pages:
        assert "We are gathering" in page and 'http-equiv="refresh"' in page
    # Asked for once more only where Kafka might not have had it: identity takes one.
    shows = await requests_of(bootstrap, identifier, 1, "show")
    assert len({one.event_id for one in shows}) == 1
    await publish(bootstrap, known(shows[0]))
    assert "Points: 40." in await phone.page()


async def test_a_switch_is_a_statement_with_what_was_shown(phone: Phone, bootstrap: str, brand_view: BrandView) -> None:
    identifier = await device_of(phone, bootstrap, brand_view)
    async with answering(bootstrap, known):
        page = await phone.page()
    response = await phone.post("/privacy/consent", form_to(page, "/consent", key="identity"), **{"Sec-GPC": "1"})
    assert (response.status, response.headers["Location"]) == (303, "/privacy")
    response = await phone.post("/privacy/consent", form_to(page, "/consent", key="marketing/sms"))
    assert response.status == 303
    events = await read_events(
        bootstrap, TOUCHPOINT_RECORDED, lambda e: e.primary_identifier == identifier and e.source == "page", 2
    )
    said = {event.type: event for event in events}
    granted, withdrawn = statement_of(said["consent_given"]), statement_of(said["consent_withdrawn"])
    assert granted is not None and granted.keys == ("identity",) and granted.policy_version == "2"
    assert (granted.proof.language, granted.proof.where, granted.proof.control) == ("en", "/privacy", "switch")
    assert granted.proof.text == "We may recognise you across our shops and our site."
    assert withdrawn is not None and withdrawn.keys == ("marketing/sms",)
    assert has_gpc(said["consent_given"]) and not has_gpc(said["consent_withdrawn"])
    after = await phone.page()
    now = {own["key"]: own["given"] for to, own in forms(after) if to == "/privacy/consent"}
    assert (now["identity"], now["marketing/sms"]) == ("0", "1"), "shown at once, before the stream has it"


async def test_what_nobody_has_read_is_not_agreed_to(phone: Phone, bootstrap: str, brand_view: BrandView) -> None:
    await device_of(phone, bootstrap, brand_view)
    async with answering(bootstrap, known):
        page = await phone.page()
        fields = form_to(page, "/consent", key="identity") | {"version": "1"}
        assert (await phone.post("/privacy/consent", fields)).status == 303
        now = form_to(await phone.page(), "/consent", key="identity")
    assert now["given"] == "1", "another text is in force: nothing was recorded"


async def test_gpc_is_told_as_a_signal(phone: Phone, bootstrap: str, brand_view: BrandView) -> None:
    await device_of(phone, bootstrap, brand_view)
    async with answering(bootstrap, known):
        page = await phone.page(**{"Sec-GPC": "1"})
        assert "sends Global Privacy Control. We record it as a signal." in page
        assert "Off because your browser asks for it." in page
        analytics = form_to(page, "/consent", key="analytics")
        assert analytics["given"] == "1"
        await phone.post("/privacy/consent", analytics, **{"Sec-GPC": "1"})
        after = await phone.page(**{"Sec-GPC": "1"})
        assert form_to(after, "/consent", key="analytics")["given"] == "0", "what was chosen in spite of it counts"
        assert "Global Privacy Control" not in await phone.page()


async def test_the_device_gets_its_data_and_nobody_else_does(
    phone: Phone, page_gateway: GatewayProcess, bootstrap: str, brand_view: BrandView
) -> None:
    identifier = await device_of(phone, bootstrap, brand_view)
    async with answering(bootstrap, known):
        page = await phone.page()
        response = await phone.post("/privacy/export", form_to(page, "/export"))
        assert response.status == 303
        where = response.headers["Location"]

        async def done() -> bool:
            return "Download the file" in await phone.page(where)

        await wait_until(done)
        file = await phone.request("GET", f"{where}/data")
    assert file.status == 200 and (await file.json())["summary"] == KNOWN["summary"]
    assert file.headers["Content-Disposition"].startswith("attachment")
    [record] = await requests_of(bootstrap, identifier, 1, "export")
    assert (record.scope, record.source) == ("device", "page")
    async with Phone(page_gateway) as other:
        for path in (where, f"{where}/data"):
            assert (await other.request("GET", path)).status == 404
            await other.scan("page-1")
            assert (await other.request("GET", path)).status == 404
    api = await phone.request("GET", f"/v1{where}/data", headers={"Authorization": "Bearer crm-secret"})
    assert api.status == 404, "nor does a server"


async def test_an_erasure_asks_once_more_and_takes_the_cookie_away(
    phone: Phone, page_gateway: GatewayProcess, bootstrap: str, brand_view: BrandView
) -> None:
    identifier = await device_of(phone, bootstrap, brand_view)
    async with answering(bootstrap, lambda request: [answer(request, hash="x")]):
        page = await phone.page()
        assert not any(to.endswith("/erase") for to, _ in forms(page)) and 'href="/privacy/erase"' in page
        sure = await phone.page("/privacy/erase")
        assert "Erase everything?" in sure
        response = await phone.post("/privacy/erase", form_to(sure, "/erase"))
        assert response.status == 303
        where = response.headers["Location"]
        assert "fp_device" not in phone.cookies.filter_cookies(URL(page_gateway.url))

        async def done() -> bool:
            return "Everything is erased." in await phone.page(where)

        await wait_until(done)
    [record] = await requests_of(bootstrap, identifier, 1, "erase")
    assert record.scope == "device"
    assert "Nothing is known about this device" in await phone.page()


@pytest.mark.parametrize(
    ("accept", "language", "title"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "de", "Ihre Daten"), ("en-US", "en", "Your data"), ("", "en", "Your data"),
        ("fr;q=0.9,de;q=0.1", "de", "Ihre Daten"), ("ar,he;q=0.5", "en", "Your data"), ("*", "en", "Your data"),
        ("de;q=0,en", "en", "Your data"), ("x" * 9000, "en", "Your data"), ("de;q=nan", "en", "Your data"),
    ],
)  # fmt: skip
async def test_the_page_is_in_the_phones_language(phone: Phone, accept: str, language: str, title: str) -> None:
    response = await phone.request("GET", "/privacy", headers={"Accept-Language": accept})
    page = await response.text()
    assert f'<html lang="{language}" dir="ltr">' in page and f"<title>{title}</title>" in page


async def test_a_text_of_the_brand_has_its_own_language_and_direction(
    phone: Phone, bootstrap: str, brand_view: BrandView
) -> None:
    await device_of(phone, bootstrap, brand_view)
    async with answering(bootstrap, known):
        page = await phone.page(**{"Accept-Language": "ar"})
    assert 'lang="ar" dir="rtl">يجوز لنا' in page and '<html lang="en" dir="ltr">' in page


async def test_every_page_is_small_and_closed(phone: Phone, bootstrap: str, brand_view: BrandView) -> None:
    await device_of(phone, bootstrap, brand_view)
    async with answering(bootstrap, known):
        for path in ("/privacy", "/privacy/erase", "/privacy/policy/identity", "/privacy/requests/x"):
            response = await phone.request("GET", path, headers={"Accept-Language": "de", "Sec-GPC": "1"})
            body = await response.read()
            assert len(body) + len(str(response.raw_headers)) < 14_000, path
            policy = response.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy and "form-action 'self'" in policy and "script" not in policy
            assert response.headers["Cache-Control"] == "no-store"
            assert response.headers["Referrer-Policy"] == "same-origin"
            assert response.headers["X-Frame-Options"] == "DENY"
    assert (await phone.request("GET", "/privacy/policy/nothing")).status == 404


async def test_without_a_mail_server_the_page_says_whom_to_ask(gateway: GatewayProcess, bootstrap: str) -> None:
    async with Phone(gateway) as phone:
        page = await phone.page()
        assert "please ask Corner Shops" in page and "<input" not in page
        assert (await phone.post("/privacy/link", {"address": "a@b.example", "token": "x"})).status in (403, 404)
