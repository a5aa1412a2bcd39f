"""The scan handler without Kafka: what it publishes or spools, and what the phone gets. The whole is in
test_scan_handler.py."""

import asyncio
import dataclasses
import html
import json
import re
import time

import msgspec
import pytest

from gateway.brand.live import BrandView
from gateway.http.responses import RawResponse
from gateway.identifiers.device_links import DeviceLinks
from gateway.scan.page_visit import DOUBLE_TAP_S
from schemas.events import TouchpointRecorded
from schemas.identifiers.rotation import says_same_value
from tests.support.gateway_process import IDENTIFIER_KEY
from tests.support.lone_phone import DEVICE, ISSUED, SHOP, Phone, Stream, cookies_set, header

HELLO = "https://corner.example/hello"


def page_cookie(response: RawResponse) -> str:
    found = [value.decode().partition(";")[0] for name, value in response.headers if value.startswith(b"fp_page=")]
    return "; ".join([DEVICE, *found])


def shown(response: RawResponse) -> bytes:
    """The page without the time and signature of its live events' address, which each response has anew."""
    return re.sub(rb"at=\d+|key=[0-9a-f]+", b"", response.body)


@pytest.mark.parametrize("away", [False, True])
async def test_a_link_that_means_no_tag_is_durable_and_waits_for_no_decision(brand_view: BrandView, away: bool) -> None:
    stream = Stream(away)
    response = await Phone(brand_view, stream).get("gone", "utm_source=a&x=1")
    (scan,) = stream.published or stream.spooled[:1]
    assert isinstance(scan, TouchpointRecorded) and stream.spooled == ([scan, None] if away else [])
    assert (response.status, header(response, "location")) == (302, f"{HELLO}?utm_source=a")
    assert header(response, "footpath-event") == scan.event_id
    assert (scan.tag, scan.placement, json.loads(scan.properties)) == ("gone", "", {"query": {"utm_source": "a"}})


async def test_a_page_that_is_loaded_again_publishes_nothing(brand_view: BrandView) -> None:
    stream = Stream()
    phone = Phone(brand_view, stream)
    first = await phone.get("page-1")
    cookies = page_cookie(first)
    for _ in range(2):
        again = await Phone(brand_view, stream).get("page-1", cookies=cookies, cache_control="max-age=0")
        assert (again.status, shown(again)) == (200, shown(first))
        assert header(again, "footpath-event") == header(first, "footpath-event")
    assert len(stream.published) == 1 and header(first, "cache-control") == "private, max-age=0"
    await Phone(brand_view, stream, ahead_s=DOUBLE_TAP_S + 2).get("page-1", cookies=cookies)
    await Phone(brand_view, stream).get("page-1", cache_control="max-age=0")
    await phone.get("evil-1", cookies=cookies, cache_control="max-age=0")
    assert [scan.tag for scan in stream.published] == ["page-1", "page-1", "page-1", "evil-1"]


async def test_a_redirect_leaves_nothing_to_load_again(brand_view: BrandView) -> None:
    stream = Stream()
    first = await Phone(brand_view, stream).get("SHELF-1.", "ref=7")
    assert (first.status, header(first, "location")) == (302, f"{SHOP}?ref=7")
    assert header(first, "cache-control") == "", "no-store, as every response by default"
    late = Phone(brand_view, stream, ahead_s=DOUBLE_TAP_S + 2)
    await late.get("SHELF-1.", "ref=7", cookies=page_cookie(first), cache_control="max-age=0")
    assert [scan.tag for scan in stream.published] == ["shelf-1", "shelf-1"]


@pytest.mark.parametrize("tag", ["shelf-1", "page-1"])
async def test_a_double_tap_is_one_scan_at_whichever_gateway(brand_view: BrandView, tag: str) -> None:
    stream = Stream()
    phone = Phone(brand_view, stream)
    first, meanwhile = await asyncio.gather(phone.get(tag), phone.get(tag))
    after = await phone.get(tag)
    elsewhere = await Phone(brand_view, stream, ahead_s=DOUBLE_TAP_S - 2).get(tag, cookies=page_cookie(first))
    answers = [first, meanwhile, after, elsewhere]
    assert len(stream.published) == 1, [scan.tag for scan in stream.published]
    assert {header(one, "footpath-event") for one in answers} == {stream.published[0].event_id}
    assert {(one.status, header(one, "location"), shown(one)) for one in answers} == {
        (first.status, header(first, "location"), shown(first))
    }


async def test_two_phones_in_one_shop_are_two_whatever_their_address_and_agent(brand_view: BrandView) -> None:
    stream = Stream()
    phone = Phone(brand_view, stream)
    await asyncio.gather(phone.get("shelf-1"), phone.get("shelf-1", cookies=f"fp_device={ISSUED.signed('B' * 22)}"))
    await asyncio.gather(phone.get("shelf-1", cookies=""), phone.get("shelf-1", cookies=""))
    assert len({scan.primary_identifier for scan in stream.published}) == 4


@pytest.mark.parametrize("tls", [False, True])
async def test_parallel_first_scans_of_one_phone_end_as_one_device(brand_view: BrandView, tls: bool) -> None:
    stream = Stream()
    phone = Phone(brand_view, stream, tls=tls)
    one, other = await asyncio.gather(phone.get("shelf-1", cookies=""), phone.get("page-1", cookies=""))
    first_people = {scan.primary_identifier for scan in stream.published}
    kept = {name: value for name, value in (cookies_set(one) | cookies_set(other)).items() if name != "fp_page"}
    new = [name for name in kept if "fp_new_" in name]
    assert len(first_people) == 2 and len(new) == 2 and all(name.startswith("__Host-") == tls for name in kept)
    cookies = "; ".join(f"{name}={value}" for name, value in kept.items())
    next_one = await phone.get("evil-1", cookies=cookies)
    (link,) = stream.behind
    assert isinstance(link, TouchpointRecorded) and set(link.identifiers) == first_people
    assert link.type == "identity_linked" and says_same_value(link.event_id) and link.source == "first scans"
    assert [cookies_set(next_one)[name] for name in new] == ["", ""], "taken away: the next scan links nothing again"
    assert stream.published[-1].primary_identifier in first_people


async def test_nobody_links_devices_that_the_gateway_did_not_give(brand_view: BrandView) -> None:
    stream = Stream()
    forged = ISSUED.signed("B" * 22)[:-1] + "!"
    phone = Phone(brand_view, stream, tls=True)
    host = f"__Host-{DEVICE}"
    await phone.get("shelf-1", cookies=f"{host}; __Host-fp_new_BBBBBBBB={forged}")
    await phone.get("shelf-1", cookies=f"{host}; fp_new_BBBBBBBB={ISSUED.signed('B' * 22)}")
    assert stream.behind == []


@pytest.mark.parametrize("tag", ["shelf-1", "page-1"])
async def test_a_destination_gets_the_link_of_its_device_where_the_brand_wants_it(
    brand_view: BrandView, tag: str
) -> None:
    about = msgspec.structs.replace(brand_view.brand.about, device_links=True)
    wants = dataclasses.replace(brand_view, brand=msgspec.structs.replace(brand_view.brand, about=about))
    response = await Phone(wants, Stream()).get(tag, "ref=7")
    leads = html.unescape(header(response, "location") or shown(response).decode())
    link = re.search(r"ref=7&fp=([A-Za-z0-9_-]+)", leads)
    assert link is not None
    assert DeviceLinks(IDENTIFIER_KEY).device(link[1], time.time()) == "A" * 22 and "A" * 22 not in leads
    plain = await Phone(brand_view, Stream()).get(tag, "ref=7")
    assert "fp=" not in header(plain, "location") + shown(plain).decode()
