"""Scans: one response within the deadline, the stream's decision where there is one, and true headers."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiohttp import ClientResponse

from schemas.events import TouchpointRecorded
from schemas.identifiers.pseudonyms import Pseudonyms
from schemas.topics import SCAN_MISSED, TOUCHPOINT_RECORDED
from tests.support.gateway_process import (
    IDENTIFIER_KEY,
    GatewayClient,
    GatewayProcess,
    after,
    fake_stream,
    read_events,
)

SIGNED = re.compile(r"[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{22}")
SHOP = "https://shop.corner.example/de/tea"
HELLO = "https://corner.example/hello"
LATE = 'footpath_gateway_scans_total{outcome="late"}'
RELOADS = ({"Cache-Control": "max-age=0"}, {"Cache-Control": "no-cache", "Pragma": "no-cache"})
UNREGISTERED = 'footpath_gateway_scans_total{outcome="unregistered"}'


async def test_a_scan_gets_the_decision_of_the_stream(
    client: GatewayClient, bootstrap: str, replying_stream: None
) -> None:
    response = await client.scan("shelf-1")
    assert (response.status, response.headers["Location"]) == (302, SHOP)
    assert response.headers["Footpath-Outcome"] == "routed"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    event_id = str(UUID(response.headers["Footpath-Event"]))
    (scan,) = await read_events(bootstrap, TOUCHPOINT_RECORDED, lambda e: e.event_id == event_id, 1)
    assert (scan.type, scan.source, scan.brand, scan.store, scan.tag) == ("scan", "scan", "corner", "mitte", "shelf-1")
    assert (scan.placement, scan.zone, scan.product, scan.campaign) == ("shelf", "drinks", "tea", "spring")
    assert scan.primary_identifier.startswith("device:") and scan.identifiers == (scan.primary_identifier,)


async def test_the_trigger_comes_from_the_tag_and_not_from_the_query(
    client: GatewayClient, bootstrap: str, replying_stream: None
) -> None:
    response = await client.scan("bottle.7?type=sale&trigger=scan&tag=shelf-1")
    event_id = response.headers["Footpath-Event"]
    (scan,) = await read_events(bootstrap, TOUCHPOINT_RECORDED, lambda e: e.event_id == event_id, 1)
    assert (scan.type, scan.tag) == ("nfc_tap", "bottle.7")


async def test_a_phone_is_recognised_by_its_cookie(
    client: GatewayClient, bootstrap: str, replying_stream: None
) -> None:
    first, second = await client.scan("shelf-1"), await client.scan("page-1")
    cookie = first.cookies["fp_device"]
    assert SIGNED.fullmatch(cookie.value)
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["secure"]) == (True, "lax", "/", "")
    assert int(cookie["max-age"]) == 400 * 86_400
    ids = {first.headers["Footpath-Event"], second.headers["Footpath-Event"]}
    scans = await read_events(bootstrap, TOUCHPOINT_RECORDED, lambda e: e.event_id in ids, 2)
    expected = Pseudonyms(IDENTIFIER_KEY, "DE").identifier("device", cookie.value)
    assert {scan.primary_identifier for scan in scans} == {expected}


@pytest.mark.parametrize("cookie", ["", "x", "../../etc/passwd", "ann@corner.example", "a" * 4000])
async def test_a_malformed_cookie_is_replaced(client: GatewayClient, replying_stream: None, cookie: str) -> None:
    response = await client.scan("shelf-1", headers={"Cookie": f"fp_device={cookie}"})
    assert SIGNED.fullmatch(response.cookies["fp_device"].value)


async def test_phones_of_earlier_gateways_are_known_where_the_operator_says_so(
    client: GatewayClient, bootstrap: str, tmp_path: Path
) -> None:
    def device_of(response: ClientResponse) -> str:
        return response.cookies["fp_device"].value.partition(".")[0]

    earlier, device = {"Cookie": f"fp_device={'C' * 22}"}, "C" * 22
    other = GatewayProcess(bootstrap, tmp_path, deadline_ms="50", earlier_cookies_until=after("2 days")[:10])
    await other.start_with_stream(bootstrap)
    try:
        async with GatewayClient(other) as phone, GatewayClient(other) as later:
            known = await phone.scan("shelf-1", headers=earlier)
            assert device_of(known) == device and SIGNED.fullmatch(known.cookies["fp_device"].value)
            again = await later.scan("page-1", headers={"Cookie": f"fp_device={known.cookies['fp_device'].value}"})
            stranger = await client.scan("shelf-1", headers=earlier)
            assert device_of(again) == device != device_of(stranger), "by default it is anybody's"
            ids = {one.headers["Footpath-Event"]: one for one in (known, again, stranger)}
            scans = await read_events(bootstrap, TOUCHPOINT_RECORDED, lambda e: e.event_id in ids, 3)
            expected = Pseudonyms(IDENTIFIER_KEY, "DE").identifier("device", device)
            assert {scan.event_id for scan in scans if scan.primary_identifier == expected} == {*ids} - {
                stranger.headers["Footpath-Event"]
            }
    finally:
        other.close()


async def test_a_page_carries_one_action_and_nothing_that_runs(client: GatewayClient, bootstrap: str) -> None:
    def page(scan: TouchpointRecorded) -> Mapping[str, Any]:
        texts = {"title": "Tea <b>& more", "text": "<script>alert(1)</script>", "label": 'Get "it"'}
        return {"action": "page", "destination": SHOP + "?a=1&b='\"", **texts}

    async with fake_stream(bootstrap, page):
        response = await client.scan("page-1")
    html = await response.text()
    assert response.status == 200 and response.headers["Footpath-Outcome"] == "routed"
    assert html.count('class="b"') == 1 and f'href="{SHOP}?a=1&amp;b=&#x27;&quot;"' in html
    assert "<script>alert" not in html and "Tea &lt;b&gt;&amp; more" in html
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert len(html.encode()) < 14 * 1024


@pytest.mark.parametrize(
    "destination",
    [
        "https://evil.example/", "//evil.example", "https://corner.example.evil.example/", "javascript:alert(1)",
        "https://corner.example@evil.example/", "https://corner.example\\@evil.example", "http://corner.example/",
        "https://shop.corner.example/de/..", "https://shop.corner.example/de/%2E%2e/evil",
        "https://corner.example/\r\nSet-Cookie: a=b",
    ],
)  # fmt: skip
async def test_an_unregistered_destination_is_never_served(
    client: GatewayClient, bootstrap: str, destination: str
) -> None:
    before = await client.metric(UNREGISTERED)
    async with fake_stream(bootstrap, lambda scan: {"action": "redirect", "destination": destination}):
        response = await client.scan("evil-1")
    assert (response.status, response.headers["Location"]) == (302, HELLO)
    assert response.headers["Footpath-Outcome"] == "fallback" and "Footpath-Event" in response.headers
    assert await client.metric(UNREGISTERED) == before + 1


async def test_a_late_decision_means_the_fallback_and_a_recorded_miss(bootstrap: str, tmp_path: Path) -> None:
    process = await GatewayProcess(bootstrap, tmp_path, deadline_ms="150").start_with_stream(bootstrap)
    try:
        async with GatewayClient(process) as client:
            response = await client.scan("bottle.7")
            assert response.headers["Location"] == "https://corner.example/tea"
            assert response.headers["Footpath-Outcome"] == "fallback"
            event_id = response.headers["Footpath-Event"]
            (missed,) = await read_events(bootstrap, SCAN_MISSED, lambda e: e.scan_event_id == event_id, 1)
            assert (missed.reason, missed.tag) == ("late", "bottle.7")
            assert missed.destination == "https://corner.example/tea" and 140 < missed.waited_ms < 1000
            await read_events(bootstrap, TOUCHPOINT_RECORDED, lambda e: e.event_id == event_id, 1)
    finally:
        process.close()


async def test_a_head_request_is_no_scan(client: GatewayClient, replying_stream: None) -> None:
    before = await client.metric("footpath_gateway_scan_seconds_count")
    response = await client.request("HEAD", "/s/shelf-1")
    assert (response.status, response.headers["Location"]) == (302, HELLO)
    assert "Footpath-Event" not in response.headers and not response.cookies
    assert await client.metric("footpath_gateway_scan_seconds_count") == before


@pytest.mark.parametrize(
    ("link", "tag"),
    [("gone-1", "gone-1"), ("r%C3%A4tsel", "rätsel"), ("shelf-1%00x", ""), ("shelf-1%2f..%2fx", ""), ("%ff%fe", ""),
     ("a" * 5000, ""), ("", ""), ("ann@corner.example", ""), ("shelf-1/x", "")],
)  # fmt: skip
async def test_a_link_that_means_no_tag_leads_to_the_brands_fallback_and_is_recorded(
    client: GatewayClient, bootstrap: str, replying_stream: None, link: str, tag: str
) -> None:
    unknown, misses = 'footpath_gateway_scans_total{outcome="unknown_tag"}', await client.metric(LATE)
    before = await client.metric(unknown)
    response = await client.scan(f"{link}?utm_source=poster")
    assert (response.status, response.headers["Location"]) == (302, f"{HELLO}?utm_source=poster")
    assert response.headers["Footpath-Outcome"] == "fallback" and "fp_device" in response.cookies
    event_id = response.headers["Footpath-Event"]
    (scan,) = await read_events(bootstrap, TOUCHPOINT_RECORDED, lambda e: e.event_id == event_id, 1)
    assert (scan.type, scan.source, scan.tag, scan.placement, scan.store) == ("scan", "scan", tag, "", "")
    assert scan.reply_partition is None and json.loads(scan.properties) == {"query": {"utm_source": "poster"}}
    assert await client.metric(unknown) == before + 1 and await client.metric(LATE) == misses, "nobody decides on it"
    head = await client.request("HEAD", f"/s/{link}")
    assert (head.status, head.headers["Location"], "Footpath-Event" in head.headers) == (302, HELLO, False)


@pytest.mark.parametrize("link", ["shelf-1/", "SHELF-1", "shelf-1.", "shelf-1),", "shelf-1%20", "shelf-1%E2%80%8B"])
async def test_a_link_with_something_appended_or_in_another_case_leads_to_its_tag(
    client: GatewayClient, bootstrap: str, replying_stream: None, link: str
) -> None:
    response = await client.scan(link)
    assert (response.status, response.headers["Location"]) == (302, SHOP)
    event_id = response.headers["Footpath-Event"]
    (scan,) = await read_events(bootstrap, TOUCHPOINT_RECORDED, lambda e: e.event_id == event_id, 1)
    assert (scan.tag, scan.product) == ("shelf-1", "tea")


async def test_listed_parameters_are_recorded_and_passed_on(
    client: GatewayClient, bootstrap: str, replying_stream: None
) -> None:
    somebody = "email=ann%40corner.example&utm_term=ann%40corner.example"
    response = await client.scan(f"shelf-1?utm_source=poster&REF=12&{somebody}")
    assert response.headers["Location"] == f"{SHOP}?utm_source=poster&ref=12"
    event_id = response.headers["Footpath-Event"]
    (scan,) = await read_events(bootstrap, TOUCHPOINT_RECORDED, lambda e: e.event_id == event_id, 1)
    assert json.loads(scan.properties) == {"query": {"utm_source": "poster", "ref": "12"}}
    head = await client.request("HEAD", "/s/shelf-1?utm_source=poster")
    assert head.headers["Location"] == f"{HELLO}?utm_source=poster"
    plain = await client.scan("shelf-1")
    event_id = plain.headers["Footpath-Event"]
    (scan,) = await read_events(bootstrap, TOUCHPOINT_RECORDED, lambda e: e.event_id == event_id, 1)
    assert scan.properties == "{}"


async def test_what_the_browser_says_of_consent_is_recorded_with_the_scan(
    client: GatewayClient, bootstrap: str, replying_stream: None
) -> None:
    for value, properties in (("1", '{"gpc":true}'), ("0", "{}")):
        client.forget()
        response = await client.scan("shelf-1", headers={"Sec-GPC": value})
        event_id = response.headers["Footpath-Event"]
        (scan,) = await read_events(bootstrap, TOUCHPOINT_RECORDED, lambda e, id=event_id: e.event_id == id, 1)
        assert scan.properties == properties


async def test_a_page_that_is_loaded_again_is_no_new_scan(client: GatewayClient, bootstrap: str) -> None:
    shown = []

    def page(scan: TouchpointRecorded) -> Mapping[str, Any]:
        shown.append(scan.event_id)
        return {"action": "page", "destination": SHOP, "title": f"Page {len(shown)}", "text": "", "label": "Go"}

    async with fake_stream(bootstrap, page):
        first = await client.scan("page-1")
        again = [await client.scan("page-1", headers=headers) for headers in RELOADS for _ in "ab"]
        elsewhere = await client.scan("shelf-1", headers=RELOADS[0])
        anew = await client.scan("page-1?ref=2")
    assert first.headers["Cache-Control"] == "private, max-age=0", "for the way back"
    assert {(one.status, one.headers["Footpath-Event"]) for one in again} == {(200, first.headers["Footpath-Event"])}
    assert {await one.text() for one in again} == {await first.text()} and "fp_page" not in again[0].cookies
    assert {one.headers["Footpath-Outcome"] for one in again} == {"routed"}
    assert len(set(shown)) == 3 and len({one.headers["Footpath-Event"] for one in (first, elsewhere, anew)}) == 3
    events = await read_events(bootstrap, TOUCHPOINT_RECORDED, lambda e: e.event_id in shown, 3)
    assert sorted(event.event_id for event in events) == sorted(shown)


async def test_another_gateway_knows_the_page_and_another_phone_does_not(
    client: GatewayClient, bootstrap: str, tmp_path: Path
) -> None:
    def page(scan: TouchpointRecorded) -> Mapping[str, Any]:
        return {"action": "page", "destination": SHOP, "title": "Hello", "text": "", "label": "Go"}

    other = await GatewayProcess(bootstrap, tmp_path).start_with_stream(bootstrap)
    try:
        async with fake_stream(bootstrap, page), GatewayClient(other) as phone, GatewayClient(other) as thief:
            first = await client.scan("page-1")
            device, shown = first.cookies["fp_device"].value, first.cookies["fp_page"].value
            same = {"Cookie": f"fp_device={device}; fp_page={shown}", **RELOADS[0]}
            stolen = {"Cookie": f"fp_device={'B' * 22}; fp_page={shown}", **RELOADS[0]}
            again, another = await phone.scan("page-1", headers=same), await thief.scan("page-1", headers=stolen)
            event_id = first.headers["Footpath-Event"]
            assert again.headers["Footpath-Event"] == event_id != another.headers["Footpath-Event"]
    finally:
        other.close()


async def test_behind_tls_the_proxy_names_the_phone_and_the_cookie_is_secure(bootstrap: str, tmp_path: Path) -> None:
    process = GatewayProcess(bootstrap, tmp_path, trusted_proxies="127.0.0.0/8", scans_per_s="2", deadline_ms="50")
    await process.start_with_stream(bootstrap)
    try:
        async with GatewayClient(process) as client:
            https = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "6.6.6.6, 198.51.100.7, 127.0.0.2"}
            found = (await client.scan("shelf-1", headers=https)).cookies
            assert found["__Host-fp_device"]["secure"] is True and "fp_device" not in found
            heads = [await client.request("HEAD", "/s/shelf-1", headers=https) for _ in range(20)]
            assert {head.status for head in heads} == {302, 429}
            assert int(heads[-1].headers["Retry-After"]) >= 1
            other = await client.scan("shelf-1", headers={**https, "X-Forwarded-For": "203.0.113.9"})
            assert other.status == 302
    finally:
        process.close()


async def test_forwarding_headers_of_untrusted_clients_are_ignored(
    client: GatewayClient, replying_stream: None
) -> None:
    response = await client.scan("shelf-1", headers={"X-Forwarded-Proto": "https"})
    assert response.cookies["fp_device"]["secure"] == ""
