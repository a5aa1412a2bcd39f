"""Scans, refusals, previews and copies, as phones and bots meet them; without Kafka."""

from pathlib import Path

import msgspec
import pytest

from deploy.operate.tag_key_file import create_tag_key
from gateway.brand.live import BrandView, build_brand_view
from gateway.trust.nobodys import PER_ADDRESS_S
from gateway.trust.velocity import MAX_SCANS
from schemas.brand.model import Brand, Tag
from schemas.events import TouchpointRecorded
from schemas.reasons import TrustReason
from schemas.trust.keys import TagKeys
from tests.gateway.trust.test_forged_tags import tap_query
from tests.support.gateway_process import IDENTIFIER_KEY
from tests.support.lone_phone import BROWSER, ISSUED, Phone, Stream, cookies_set, counted, header, nobodys

BOT = "facebookexternalhit/1.1 Facebot Twitterbot/1.0"
CHIP = Tag(id="bottle-1", placement="packaging", trigger="nfc_tap", security="ntag424")
SCREEN = Tag(id="screen-1", placement="screen", security="rotating")


@pytest.fixture
def keys(tmp_path: Path) -> TagKeys:
    create_tag_key(tmp_path / "tag.keys")
    return TagKeys(tmp_path / "tag.keys")


@pytest.fixture
def view(brand_view: BrandView) -> BrandView:
    """The test brand, with a chip and a screen."""
    tags = brand_view.brand.tags | {tag.id: tag for tag in (CHIP, SCREEN)}
    brand: Brand = msgspec.structs.replace(brand_view.brand, tags=tags)
    return build_brand_view(brand, IDENTIFIER_KEY)


def other_phone(letter: str) -> str:
    return f"fp_device={ISSUED.signed(letter * 22)}"


async def test_a_scan_that_nothing_speaks_against_is_trusted(brand_view: BrandView) -> None:
    stream = Stream()
    await Phone(brand_view, stream).get("shelf-1")
    await Phone(brand_view, stream).get("gone")
    assert [(scan.trust, scan.trust_reasons) for scan in stream.published] == [(100, ()), (100, ())]


async def test_a_program_is_counted_in_doubt(brand_view: BrandView) -> None:
    stream = Stream()
    await Phone(brand_view, stream).get("shelf-1", user_agent="curl/8.5.0")
    assert [(scan.trust, scan.trust_reasons) for scan in stream.published] == [(70, (TrustReason.BOT_DOUBT,))]


@pytest.mark.parametrize(
    ("agent", "method", "headers", "reason", "status"),
    [
        (BOT, "GET", {}, TrustReason.BOT, 200), (BOT, "HEAD", {}, TrustReason.BOT, 200),
        (BROWSER, "HEAD", {}, TrustReason.HEAD, 302),
        (BROWSER, "GET", {"sec_purpose": "prefetch;prerender"}, TrustReason.PREFETCH, 503),
        (BROWSER, "GET", {"purpose": "prefetch"}, TrustReason.PREFETCH, 503),
        (BROWSER, "GET", {"x_moz": "prefetch"}, TrustReason.PREFETCH, 503),
        (BROWSER, "GET", {"x_purpose": "preview"}, TrustReason.PREFETCH, 503),
    ],
)  # fmt: skip
@pytest.mark.parametrize("tag", ["shelf-1", "page-1", "gone", SCREEN.id])
async def test_who_only_looks_gets_a_preview_and_is_nobody(
    view: BrandView, tag: str, agent: str, method: str, headers: dict[str, str], reason: str, status: int
) -> None:
    stream = Stream()
    response = await Phone(view, stream).get(tag, "utm_source=ann", method=method, user_agent=agent, **headers)
    assert (response.status, header(response, "footpath-outcome")) == (status, "preview")
    assert cookies_set(response) == {} and header(response, "footpath-event") == ""
    assert len(response.body) < 14_000 and (b"og:title" in response.body) == (status != 302)
    assert stream.published == [] and nobodys(stream) == [("preview", (reason,))]
    (kept,) = stream.behind
    assert isinstance(kept, TouchpointRecorded)
    assert (kept.primary_identifier, kept.identifiers, kept.properties) == ("", (), "{}")


async def test_a_preview_is_the_same_for_everybody(brand_view: BrandView) -> None:
    phone = Phone(brand_view, Stream())
    one = await phone.get("shelf-1", user_agent=BOT)
    other = await phone.get("shelf-1", "x=1", cookies=other_phone("B"), user_agent="WhatsApp/2.24.20.89 A")
    assert (one.status, one.headers, one.body) == (other.status, other.headers, other.body)


async def test_a_storm_of_bots_does_not_fill_kafka(brand_view: BrandView) -> None:
    stream = Stream()
    phone = Phone(brand_view, stream)
    answers = [await phone.get("shelf-1", user_agent=BOT) for _ in range(20 * PER_ADDRESS_S)]
    assert {answer.status for answer in answers} == {200} and len(stream.behind) <= 2 * PER_ADDRESS_S


async def test_a_forged_or_late_code_says_what_to_do_and_is_kept_as_nobodys(view: BrandView, keys: TagKeys) -> None:
    stream = Stream()
    phone = Phone(view, stream, keys)
    response = await phone.get(SCREEN.id, "fp=abc.1.AAAAAAAAAAAA", accept_language="de-AT,de;q=0.9")
    assert (response.status, header(response, "footpath-outcome")) == (410, "refused")
    assert b"Bildschirm" in response.body and b'lang="de"' in response.body
    assert cookies_set(response) == {} and header(response, "footpath-event") == ""
    english = await phone.get(SCREEN.id, accept_language="fr")
    assert b"Scan the code that the screen shows now" in english.body
    assert stream.published == []
    assert nobodys(stream) == [("scan_refused", (TrustReason.FORGED,)), ("scan_refused", (TrustReason.UNSIGNED,))]


async def test_a_copied_link_of_a_chip_is_recognised_and_not_refused(view: BrandView, keys: TagKeys) -> None:
    brand = view.brand.about.id
    stream = Stream()
    phone = Phone(view, stream, keys)
    first, second = (chip_query(keys, brand, counter) for counter in (5, 6))
    for query, letter in ((first, "B"), (first, "C"), (second, "F"), (first, "D"), (second, "E")):
        assert (await phone.get(CHIP.id, query, cookies=other_phone(letter))).status == 302
    copied = (20, (TrustReason.COUNTER_REPLAYED,))
    assert [(s.trust, s.trust_reasons) for s in stream.published] == [(100, ()), copied, (100, ()), copied, copied]
    # After a restart, and at another gateway, by what the first one published.
    later = Stream()
    elsewhere = Phone(view, later, keys)
    for event in reversed(counted(stream)):
        elsewhere.counters.apply(event)
    await elsewhere.get(CHIP.id, second, cookies=other_phone("F"))
    await elsewhere.get(CHIP.id, chip_query(keys, brand, 7), cookies=other_phone("G"))
    assert [(s.trust, s.trust_reasons) for s in later.published] == [copied, (100, ())]


def chip_query(keys: TagKeys, brand: str, counter: int) -> str:
    key = keys.signing
    assert key is not None
    return tap_query(key, counter, tag=CHIP, brand=brand)


async def test_a_tag_that_is_scanned_without_a_pause_is_in_doubt(brand_view: BrandView) -> None:
    stream = Stream()
    phone = Phone(brand_view, stream)
    for _ in range(MAX_SCANS + 1):
        await phone.get("shelf-1", cookies="")
    assert [scan.trust for scan in stream.published[-2:]] == [100, 80]
