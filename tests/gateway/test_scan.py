"""A phone follows a tag: one answer, in time, from the stream where it can be had, and nothing is claimed falsely."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from schemas.events import TouchpointRecorded
from schemas.identifiers import Pseudonyms
from schemas.topics import SCAN_MISSED, TOUCHPOINT_RECORDED
from tests.gateway.street import IDENTIFIER_KEY, GatewayProcess, Phone, read_back, stream

SHOP = "https://shop.corner.example/de/tea"
HELLO = "https://corner.example/hello"
UNREGISTERED = 'footpath_gateway_scans_total{outcome="unregistered"}'


async def test_a_scan_is_answered_by_the_stream(phone: Phone, street: str, answering: None) -> None:
    answer = await phone.scan("shelf-1")
    assert (answer.status, answer.headers["Location"]) == (302, SHOP)
    assert answer.headers["Footpath-Outcome"] == "routed"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    event_id = str(UUID(answer.headers["Footpath-Event"]))
    (scan,) = await read_back(street, TOUCHPOINT_RECORDED, lambda e: e.event_id == event_id, 1)
    assert (scan.type, scan.source, scan.brand, scan.store, scan.tag) == ("scan", "scan", "corner", "mitte", "shelf-1")
    assert (scan.placement, scan.zone, scan.product, scan.campaign) == ("shelf", "drinks", "tea", "spring")
    assert scan.anchor.startswith("device:") and scan.identifiers == (scan.anchor,)


async def test_the_trigger_comes_from_the_tag_and_not_from_the_query(
    phone: Phone, street: str, answering: None
) -> None:
    answer = await phone.scan("bottle.7?type=sale&trigger=scan&tag=shelf-1")
    event_id = answer.headers["Footpath-Event"]
    (scan,) = await read_back(street, TOUCHPOINT_RECORDED, lambda e: e.event_id == event_id, 1)
    assert (scan.type, scan.tag) == ("nfc_tap", "bottle.7")


async def test_a_phone_is_recognised_by_its_cookie(phone: Phone, street: str, answering: None) -> None:
    first, second = await phone.scan("shelf-1"), await phone.scan("page-1")
    cookie = first.cookies["fp_device"]
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", cookie.value)
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["secure"]) == (True, "lax", "/", "")
    assert int(cookie["max-age"]) == 400 * 86_400
    ids = {first.headers["Footpath-Event"], second.headers["Footpath-Event"]}
    scans = await read_back(street, TOUCHPOINT_RECORDED, lambda e: e.event_id in ids, 2)
    expected = Pseudonyms(IDENTIFIER_KEY, "DE").identifier("device", cookie.value)
    assert {scan.anchor for scan in scans} == {expected}


@pytest.mark.parametrize("cookie", ["", "x", "../../etc/passwd", "ann@corner.example", "a" * 4000])
async def test_a_malformed_cookie_is_replaced(phone: Phone, answering: None, cookie: str) -> None:
    answer = await phone.scan("shelf-1", headers={"Cookie": f"fp_device={cookie}"})
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", answer.cookies["fp_device"].value)


async def test_a_page_carries_one_action_and_nothing_that_runs(phone: Phone, street: str) -> None:
    def page(scan: TouchpointRecorded) -> Mapping[str, Any]:
        texts = {"title": "Tea <b>& more", "text": "<script>alert(1)</script>", "label": 'Get "it"'}
        return {"action": "page", "destination": SHOP + "?a=1&b='\"", **texts}

    async with stream(street, page):
        answer = await phone.scan("page-1")
    html = await answer.text()
    assert answer.status == 200 and answer.headers["Footpath-Outcome"] == "routed"
    assert html.count("<a ") == 1 and f'href="{SHOP}?a=1&amp;b=&#x27;&quot;"' in html
    assert "<script" not in html and "Tea &lt;b&gt;&amp; more" in html
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
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
async def test_an_unregistered_destination_is_never_served(phone: Phone, street: str, destination: str) -> None:
    before = await phone.metric(UNREGISTERED)
    async with stream(street, lambda scan: {"action": "redirect", "destination": destination}):
        answer = await phone.scan("evil-1")
    assert (answer.status, answer.headers["Location"]) == (302, HELLO)
    assert answer.headers["Footpath-Outcome"] == "fallback" and "Footpath-Event" in answer.headers
    assert await phone.metric(UNREGISTERED) == before + 1


async def test_a_late_decision_means_the_fallback_and_a_recorded_miss(street: str, tmp_path: Path) -> None:
    process = await GatewayProcess(street, tmp_path, deadline_ms="150").start_with_stream(street)
    try:
        async with Phone(process) as phone:
            answer = await phone.scan("bottle.7")
            assert answer.headers["Location"] == "https://corner.example/tea"
            assert answer.headers["Footpath-Outcome"] == "fallback"
            event_id = answer.headers["Footpath-Event"]
            (missed,) = await read_back(street, SCAN_MISSED, lambda e: e.scan_event_id == event_id, 1)
            assert (missed.reason, missed.tag) == ("late", "bottle.7")
            assert missed.destination == "https://corner.example/tea" and 140 < missed.waited_ms < 1000
            await read_back(street, TOUCHPOINT_RECORDED, lambda e: e.event_id == event_id, 1)
    finally:
        process.end()


async def test_looking_is_no_scan(phone: Phone, answering: None) -> None:
    before = await phone.metric("footpath_gateway_scan_seconds_count")
    answer = await phone.ask("HEAD", "/s/shelf-1")
    assert (answer.status, answer.headers["Location"]) == (302, HELLO)
    assert "Footpath-Event" not in answer.headers and not answer.cookies
    assert await phone.metric("footpath_gateway_scan_seconds_count") == before


@pytest.mark.parametrize("tag", ["nobody", "shelf-1%00", "shelf-1%2f..", "%ff%fe", "a" * 5000, "shelf-1/"])
async def test_an_unknown_tag_is_not_found(phone: Phone, tag: str) -> None:
    answer = await phone.scan(tag)
    assert answer.status == 404 and "error" in await answer.json()
    page = await phone.scan("nobody", headers={"Accept": "text/html"})
    assert page.status == 404 and page.content_type == "text/html"


async def test_behind_tls_the_proxy_names_the_phone_and_the_cookie_is_secure(street: str, tmp_path: Path) -> None:
    process = GatewayProcess(street, tmp_path, trusted_proxies="127.0.0.0/8", scans_per_s="2", deadline_ms="50")
    await process.start_with_stream(street)
    try:
        async with Phone(process) as phone:
            https = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "6.6.6.6, 198.51.100.7, 127.0.0.2"}
            assert (await phone.scan("shelf-1", headers=https)).cookies["fp_device"]["secure"] is True
            looks = [await phone.ask("HEAD", "/s/shelf-1", headers=https) for _ in range(20)]
            assert {look.status for look in looks} == {302, 429}
            assert int(looks[-1].headers["Retry-After"]) >= 1
            other = await phone.scan("shelf-1", headers={**https, "X-Forwarded-For": "203.0.113.9"})
            assert other.status == 302
    finally:
        process.end()


async def test_headers_of_strangers_count_for_nothing(phone: Phone, answering: None) -> None:
    answer = await phone.scan("shelf-1", headers={"X-Forwarded-Proto": "https"})
    assert answer.cookies["fp_device"]["secure"] == ""
