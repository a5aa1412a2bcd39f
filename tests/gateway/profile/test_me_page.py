"""The page of a phone's points in every language: small, escaped, and of its own words."""

import gzip
import json
import re
from datetime import UTC
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.brand.live import BrandView
from gateway.landing.words import WORDS
from gateway.profile.account import read_account
from gateway.profile.me_page import MAX_BYTES, MePage, Rendered
from gateway.profile.words import ME_WORDS, me_words
from gateway.profile.words.model import MeWords
from tests.support.accounts import ACCOUNT

NOW = 1_790_000_800_000_000


def shown(brand_view: BrandView, language: str = "en", name: str = "", **account: Any) -> Rendered:
    brand = brand_view.brand
    if name:
        brand = replace(brand, about=replace(brand.about, name=name))
    page = MePage(brand, me_words([language], ""), NOW, UTC, "/t")
    return page.of_account(read_account(json.dumps(ACCOUNT | account).encode()))


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


def test_without_consent_to_be_recognised_the_page_says_why_nothing_is_kept(brand_view: BrandView) -> None:
    words = ME_WORDS["en"]
    assert words.not_kept not in shown(brand_view).html.decode()
    assert words.not_kept in shown(brand_view, is_kept=False).html.decode()
