"""``/me/wallet`` of a gateway: passes of the own card and coupons, and none where no certificate is set."""

import asyncio
import io
import json
import zipfile
from collections.abc import AsyncIterator, Iterator

import pytest

from gateway.brand.live import BrandView
from gateway.profile.words import ME_WORDS
from schemas.kinds import CARD_ADDED
from schemas.topics import PRIVACY_REQUESTED, TOUCHPOINT_RECORDED
from tests.gateway.privacy.test_page import device_of
from tests.support.accounts import ACCOUNT, COUPON
from tests.support.gateway_process import GatewayProcess, read_events
from tests.support.privacy_page import Phone
from tests.support.privacy_stream import answering
from tests.support.profiles import answered
from tests.support.wallets import ISSUER, apple_files, google_file

WORDS = ME_WORDS["en"]


@pytest.fixture(scope="module")
def wallet_gateway(bootstrap: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    folder = tmp_path_factory.mktemp("wallet")
    process = GatewayProcess(bootstrap, folder / "gateway", trusted_proxies="127.0.0.0/8")
    process.environ |= {
        "FOOTPATH_APPLE_PASS_FILE": str(apple_files(folder)[0]),
        "FOOTPATH_GOOGLE_WALLET_FILE": str(google_file(folder)[0]),
        "FOOTPATH_GOOGLE_WALLET_ISSUER": ISSUER,
    }
    asyncio.run(process.start_with_stream(bootstrap))
    yield process
    process.close()


@pytest.fixture
async def owner(wallet_gateway: GatewayProcess, bootstrap: str) -> AsyncIterator[Phone]:
    """A phone that has something to show, on a gateway with certificates."""
    async with answering(bootstrap, answered(ACCOUNT)), Phone(wallet_gateway, **{"Accept-Language": "en"}) as one:
        yield one


async def test_a_phone_adds_its_card_and_its_coupons(owner: Phone, bootstrap: str, brand_view: BrandView) -> None:
    device = await device_of(owner, bootstrap, brand_view)
    page = await owner.page("/me")
    assert "/me/wallet/apple/card" in page and f"/me/wallet/google/coupon/{COUPON}" in page
    assert "/me/wallet/google/card" not in page, "without a logo Google takes no card"
    response = await owner.request("GET", "/me/wallet/apple/card")
    assert (response.status, response.content_type) == (200, "application/vnd.apple.pkpass")
    with zipfile.ZipFile(io.BytesIO(await response.read())) as archive:
        card = json.loads(archive.read("pass.json"))
    number = card["barcodes"][0]["message"]
    assert card["storeCard"]["headerFields"][0]["value"] == ACCOUNT["balance"]
    response = await owner.request("GET", f"/me/wallet/apple/coupon/{COUPON.lower()}")
    assert response.status == 200, "a code is read as tills read it"
    response = await owner.request("GET", f"/me/wallet/google/coupon/{COUPON}")
    assert response.status == 303 and response.headers["Location"].startswith("https://pay.google.com/gp/v/save/")
    assert (await owner.request("GET", "/me/wallet/apple/card")).status == 200

    own = brand_view.pseudonyms.identifier("loyalty", number)
    [added] = await read_events(bootstrap, TOUCHPOINT_RECORDED, lambda e: e.type == CARD_ADDED, 1)
    assert {*added.identifiers} == {device, own}, "said once: card and device belong together"
    asked = await read_events(bootstrap, PRIVACY_REQUESTED, lambda e: e.action == "me" and e.of == 2, 2)
    assert {one.identifier for one in asked} >= {device, own}, "what the card collects is shown, too"


@pytest.mark.parametrize(
    "path", ["apple/coupon/SPRING", "google/card", "samsung/card", f"samsung/coupon/{COUPON}", "apple/coupon/%00"]
)
async def test_there_is_no_pass_of_what_is_not_the_phones(
    owner: Phone, bootstrap: str, brand_view: BrandView, path: str
) -> None:
    await device_of(owner, bootstrap, brand_view)
    assert (await owner.request("GET", f"/me/wallet/{path}")).status == 404


async def test_a_phone_without_a_cookie_has_no_card(owner: Phone) -> None:
    assert (await owner.request("GET", "/me/wallet/apple/card")).status == 404


async def test_without_a_certificate_there_are_no_passes(phone: Phone, bootstrap: str, brand_view: BrandView) -> None:
    await device_of(phone, bootstrap, brand_view)
    async with answering(bootstrap, answered(ACCOUNT)):
        assert "wallet" not in await phone.page("/me")
        for path in ("apple/card", "google/card", f"apple/coupon/{COUPON}", f"google/coupon/{COUPON}"):
            assert (await phone.request("GET", f"/me/wallet/{path}")).status == 404
