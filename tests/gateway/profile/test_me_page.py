"""The page of a phone's points in every language: small, escaped, and of its own words."""

import gzip
import json
import random
import re
from datetime import UTC
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.brand.live import BrandView
from gateway.landing.words import WORDS
from gateway.profile.account import Month, read_account
from gateway.profile.me_page import MAX_BYTES, MePage, Rendered, Wallets
from gateway.profile.standing import Standing, standing_of
from gateway.profile.words import ME_WORDS, me_words
from gateway.profile.words.model import MeWords
from schemas.brand.coupon_pools import CouponTexts
from schemas.brand.tiers import Tier
from schemas.coupons.codes import ALPHABET
from tests.support.accounts import ACCOUNT, COUPON

NOW = 1_790_000_800_000_000
MONTH = 2026 * 12 + 8


TIERS = {one.id: one for one in (Tier(id="silver", points=100, name="Silver"), Tier(id="gold", points=500))}


def shown(brand_view: BrandView, language: str = "en", name: str = "", **account: Any) -> Rendered:
    brand = brand_view.brand
    spring = replace(brand.coupon_pools["spring"], texts={"de": CouponTexts("10 % auf jeden Tee")})
    brand = replace(brand, coupon_pools={"spring": spring}, tiers=TIERS)
    if name:
        brand = replace(brand, about=replace(brand.about, name=name))
    page = MePage(brand, me_words([language], ""), NOW, UTC, "/t")
    return page.of_account(read_account(json.dumps(ACCOUNT | account).encode()))[0]


@pytest.mark.parametrize("language", sorted(ME_WORDS))
def test_each_language_says_points_and_entries_in_its_own_words(brand_view: BrandView, language: str) -> None:
    rendered = shown(brand_view, language)
    html = rendered.html.decode()
    words = ME_WORDS[language]
    assert f'<html lang="{language}" dir="{"rtl" if language in ("ar", "he") else "ltr"}">' in html
    assert words.title in html and words.entries in html and words.kinds["earned"] in html
    assert WORDS[language].privacy in html
    assert re.search(r"1.?250", html) and "−10" in html
    assert gzip.decompress(rendered.packed) == rendered.html and len(rendered.packed) < MAX_BYTES
    assert rendered == shown(brand_view, language), "the same page for the same"


def test_the_words_of_each_language_are_complete() -> None:
    assert set(ME_WORDS) == set(WORDS), "the answer pages lead here"
    english = ME_WORDS["en"]
    for words in ME_WORDS.values():
        for field in MeWords._fields:
            text, own = getattr(english, field), getattr(words, field)
            if isinstance(text, str):
                assert own and sorted(re.findall(r"{\w+}", own)) == sorted(re.findall(r"{\w+}", text)), (words, field)
        assert set(words.kinds) == set(english.kinds) and all(words.kinds.values())


def test_the_language_is_the_phones_else_the_brands_else_english() -> None:
    assert me_words(["pt-BR", "de"], "fr").language == "pt"
    assert me_words(["ja"], "fr-CA").language == "fr"
    assert me_words([], "ja").language == me_words([], "").language == "en"


def test_nothing_that_others_wrote_is_html(brand_view: BrandView) -> None:
    html = shown(brand_view, name="<script>x</script>").html.decode()
    assert "<script>x" not in html and html.count("<script>") == 1


def test_each_open_coupon_is_a_code_to_show(brand_view: BrandView) -> None:
    html = shown(brand_view, "de").html.decode()
    words = ME_WORDS["de"]
    assert "10 % auf jeden Tee" in html and "Once, on one purchase." in html, "what is not said in German stays"
    assert "7Q2M-8K1R-4TWX-0Z" in html and words.show in html
    assert html.count('<svg class="qr"') == html.count('<svg class="bars"') == 2
    assert html.count("<details") == 2 and html.count(" open>") == 1, "the first one is open"
    assert "&lt;gone&gt;" in html, "of a pool that the brand has no more there is its id"
    assert "wallet" not in html
    none = shown(brand_view, "de", coupons=[]).html.decode()
    assert words.no_coupons in none and "<svg" not in none


def test_the_tier_and_the_way_to_the_next_one_are_said(brand_view: BrandView) -> None:
    html = shown(brand_view).html.decode()
    assert "Tier: Silver" in html and "To gold: 370" in html
    html = shown(brand_view, months=[]).html.decode()
    assert "Tier:" not in html and "To Silver: 100" in html
    html = shown(brand_view, months=[{"month": MONTH - 12, "points": 600}]).html.decode()
    assert "Tier: gold" in html and "To " not in html, "what was reached last year holds until this one ends"
    assert standing_of({}, [], NOW, UTC) == Standing()


def test_a_rolling_year_is_this_month_and_twelve_before() -> None:
    tiers = {"silver": Tier(id="silver", points=100, period="rolling_year")}
    for back, missing in ((0, 40), (12, 40), (13, 100)):
        assert standing_of(tiers, [Month(MONTH - back, 60)], NOW, UTC) == Standing("", "silver", missing)


def test_points_that_wait_and_points_that_end_are_said(brand_view: BrandView) -> None:
    html = shown(brand_view).html.decode()
    assert "Not available yet: 40" in html and "Expiring on 2 Oct 2026: 15" in html
    bare = shown(brand_view, pending=0, expiring=None).html.decode()
    assert "Not available" not in bare and "Expiring" not in bare


def test_a_page_with_many_coupons_is_small_and_says_how_many_there_are(brand_view: BrandView) -> None:
    chance = random.Random(3)
    codes = ["".join(chance.choices(ALPHABET, k=40)) for _ in range(50)]
    coupons = [{"code": code, "pool": code, "expires_at": 1} for code in codes]
    page = MePage(brand_view.brand, ME_WORDS["en"], NOW, UTC, "/t")
    rendered, fitting = page.of_account(read_account(json.dumps(ACCOUNT | {"coupons": coupons}).encode()))
    assert len(rendered.packed) <= MAX_BYTES and 3 < len(fitting) < 50
    html = rendered.html.decode()
    assert f"More coupons: {50 - len(fitting)}" in html
    assert [code in html for code in codes] == [True] * len(fitting) + [False] * (50 - len(fitting))


def test_buttons_lead_to_the_wallets_that_there_are(brand_view: BrandView) -> None:
    page = MePage(brand_view.brand, ME_WORDS["en"], NOW, UTC, "/t", Wallets(("apple",), ("apple", "google")))
    html = page.of_account(read_account(json.dumps(ACCOUNT).encode()))[0].html.decode()
    assert re.findall(r'href="(/t/me/wallet[^"]*)"', html) == [
        "/t/me/wallet/apple/card",
        f"/t/me/wallet/apple/coupon/{COUPON}",
        f"/t/me/wallet/google/coupon/{COUPON}",
        "/t/me/wallet/apple/coupon/4006381333931",
        "/t/me/wallet/google/coupon/4006381333931",
    ]


def test_without_consent_to_be_recognised_the_page_says_why_nothing_is_kept(brand_view: BrandView) -> None:
    words = ME_WORDS["en"]
    assert words.not_kept not in shown(brand_view).html.decode()
    assert words.not_kept in shown(brand_view, is_kept=False).html.decode()


def test_a_personal_link_is_there_where_the_brand_has_a_programme(brand_view: BrandView) -> None:
    link = "https://go.example/t/s/r.abc"
    page = MePage(brand_view.brand, ME_WORDS["en"], NOW, UTC, "/t", link=link)
    html = page.of_account(read_account(json.dumps(ACCOUNT).encode()))[0].html.decode()
    assert '<a href="/t/s/r.abc">https://go.example/t/s/r.abc</a>' in html and "Recommend us" in html
    assert "Recommend us" not in shown(brand_view).html.decode()
