"""A page's content as readers see it: by their locale, in the brand's colours, within its size."""

import re
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.http.languages import language_of, wanted_languages
from gateway.landing import locale as local
from gateway.landing.locale import locale_of
from gateway.landing.page import MAX_BYTES, Page, Surroundings, landing_page
from gateway.landing.palette import palettes
from gateway.landing.script import SCRIPT
from gateway.landing.words import WORDS
from schemas.brand.colours import SHAPE_CONTRAST, TEXT_CONTRAST, contrast
from schemas.brand.look import Look
from schemas.content import Capacity, Content, Hours, ProductFacts, StoreFacts, written
from schemas.languages import lookup

SHOP, CDN = "https://shop.example", "https://cdn.example"
TEA = ProductFacts("t", "Tea <b>", f"{CDN}/tea.webp", Decimal("1234.5"), "EUR", Decimal("4.6"), 1200, 2, True)
OPEN = Hours(True, "2026-11-27T20:00+01:00", "", (("07:00", "20:00"),), "2026-11-27")
CLOSED = Hours(False, "", "2026-11-30T07:00+01:00", (), "2026-11-27")
MITTE = StoreFacts("m", "Mitte", "Torstraße 1", OPEN, f"{SHOP}/to/m")


def around(language: str = "en", country: str = "DE", look: Look | None = None, live: bool = False) -> Surroundings:
    return Surroundings("Kolibri", language, "", country, (SHOP,), (SHOP, CDN), look or Look(), live)


def shown(content: Content, surroundings: Surroundings | None = None) -> str:
    page = Page("Title", "Text", "Go", SHOP, written(content))
    return landing_page(page, surroundings or around()).whole(b"/live").decode()


def words_in(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", html.partition("</style>")[2]).replace("\xa0", " "))


@pytest.mark.parametrize(
    ("language", "country", "price", "rating", "until"),
    [
        ("en", "US", "€1,234.50", "4.6 out of 5 (1,200)", "Open until 8:00 PM"),
        ("en", "GB", "€1,234.50", "4.6 out of 5 (1,200)", "Open until 20:00"),
        ("de", "DE", "1.234,50 €", "4,6 von 5 (1.200)", "Geöffnet bis 20:00"),
        ("de-CH", "DE", "EUR 1&#x27;234.50", "4.6 von 5", "Geöffnet bis 20:00"),
        ("fr", "FR", "1 234,50 €", "4,6 sur 5", "Ouvert jusqu’à 20:00"),
        ("ar-EG", "DE", "1,234.50", "4.6 من 5", "مفتوح حتى"),
    ],
)
def test_numbers_prices_and_times_are_written_as_the_language_does(
    language: str, country: str, price: str, rating: str, until: str
) -> None:
    text = words_in(shown(Content("buy", language, TEA, MITTE), around(language, country))).replace("\u202f", " ")
    squeezed = text.replace(" ", "")
    for expected in (price, rating, until):
        assert expected.replace(" ", "") in squeezed, text


def test_a_language_without_words_of_ours_says_so() -> None:
    html = shown(Content("buy", "fi", TEA, MITTE), around("fi", "FI"))
    assert '<html lang="fi"' in html and '<span lang="en" dir="ltr">In stock:' in html
    assert "<span lang" not in shown(Content("buy", "pt-BR", TEA, MITTE), around("pt-BR", "BR"))


def test_the_page_runs_as_its_language_does_whatever_the_brands_own_is() -> None:
    assert '<html lang="ar" dir="rtl">' in shown(Content("buy", "ar", TEA))
    right = around("en")._replace(direction="rtl")
    assert '<html lang="en" dir="rtl">' in shown(Content("buy", "en", TEA), right)
    assert '<html lang="de" dir="ltr">' in shown(Content("buy", "de", TEA), right)


def test_what_is_not_registered_is_neither_shown_nor_linked() -> None:
    evil = StoreFacts("m", "Mitte", "", OPEN, "https://evil.example/")
    tea = ProductFacts("t", "Tea", "https://evil.example/a.png")
    page = Page("Title", "", "Go", SHOP, written(Content("go", "en", tea, evil)))
    rendered = landing_page(page, around(look=Look(logo="https://evil.example/l.svg")))
    assert b"evil" not in rendered.whole(b"") and b"img-src" not in rendered.policy
    page = Page("Title", "", "Go", SHOP, written(Content("buy", "en", TEA)))
    policy = landing_page(page, around(look=Look(logo=f"{SHOP}/l.svg"))).policy
    assert b"img-src https://cdn.example https://shop.example;" in policy, "the origins of what it shows, alone"


def test_names_become_no_markup_anywhere() -> None:
    evil = '"><script>alert(1)</script>'
    store = StoreFacts(evil, evil, evil, CLOSED, f"{SHOP}/{evil}", 1500, 3)
    tea = ProductFacts(evil, evil, f"{CDN}/{evil}", Decimal(1), "EUR")
    for layout in ("know", "go", "buy", "do"):
        content = Content(layout, "en", tea, store, (store,), (evil,), (Capacity(evil, 1, 2, 3),))
        assert "<script>alert" not in shown(content) and 'alert(1)"' not in shown(content)


@given(st.text(), st.text(), st.dictionaries(st.text(max_size=9), st.integers() | st.text() | st.none(), max_size=5))
def test_whatever_the_stream_says_there_is_a_page(layout: str, language: str, other: dict[str, object]) -> None:
    content = Content(layout, language, TEA, MITTE, (MITTE,))
    assert ">Go</a>" in shown(content)
    for text in ("", "{", "[]", '"a"', '{"layout":"buy","product":1}', repr(other)):
        assert ">Go</a>" in landing_page(Page("t", "", "Go", SHOP, text), around()).whole(b"").decode()


@pytest.mark.parametrize("broken", [Hours(True, "soon"), Hours(None, "", "x"), Hours(False, "", "2026-99-99T00:00")])
def test_a_time_that_is_none_is_left_out(broken: Hours) -> None:
    assert ">Go</a>" in shown(Content("go", "en", None, StoreFacts("m", "Mitte", "", broken)))


def test_what_does_not_fit_into_one_round_trip_is_left_out_last_things_first() -> None:
    many = tuple(f"{number} " + "x" * 290 for number in range(12))
    full = shown(Content("buy", "en", TEA, MITTE, (MITTE, MITTE, MITTE), many), around(live=True))
    assert len(full.encode()) <= MAX_BYTES and "0 xx" in full
    for text in ("word " * 1500, "word " * 2150):
        page = Page("Title", text, "Go", SHOP, written(Content("buy", "en", TEA, MITTE, (), many)))
        html = landing_page(page, around(live=True)).whole(b"/live").decode()
        assert len(html.encode()) <= 14_000 and "0 xx" not in html and ">Go</a>" in html


def test_few_in_stock_stand_out_and_what_is_sold_out_is_said() -> None:
    assert '<span class="k">In stock: ' in shown(Content("buy", "en", TEA))
    text = words_in(shown(Content("know", "en", ProductFacts("t", "Tea", stock=0), MITTE, (MITTE,))))
    assert "Sold out here" in text and "Available nearby" in text and "Pick up" not in text


def test_distances_are_short_words() -> None:
    german, english = locale_of("de", "DE"), locale_of("en", "US")
    assert local.distance(2843, german, "DE") == "2,8 km" and local.distance(344, german, "DE") == "340 m"
    assert local.distance(2843, english, "US") == "1.8 mi" and local.distance(40_000, german, "DE") == "40 km"
    assert local.time(datetime(2026, 11, 30, 7), german, True) == "Mo. 07:00"
    assert str(locale_of("xx-YY")) == "en" and str(locale_of("zh-Hant", "TW")) == "zh_Hant"


def test_the_script_is_below_a_kilobyte_and_allowed_by_its_hash() -> None:
    assert len(SCRIPT) < 1_000
    rendered = landing_page(Page("t", "", "Go", SHOP), around(live=True))
    assert b"script-src 'sha256-" in rendered.policy and b"connect-src 'self'" in rendered.policy
    silent = landing_page(Page("t", "", "Go", SHOP), around())
    assert not silent.is_live and b"script" not in silent.policy and b"<script" not in silent.whole(b"")


def test_every_language_has_all_words_with_the_names_that_are_filled_in() -> None:
    english = WORDS["en"]
    for words in WORDS.values():
        for ours, theirs in zip(english[1:], words[1:], strict=True):
            assert theirs.strip() == theirs and re.findall(r"{\w+}", ours) == re.findall(r"{\w+}", theirs), theirs


@given(st.from_regex(r"#[0-9a-f]{6}", fullmatch=True))
def test_any_colour_of_a_brand_gives_a_page_that_is_read(primary: str) -> None:
    for palette in palettes(Look(primary=primary)):
        for one, other in (
            (palette.text, palette.background),
            (palette.soft, palette.background),
            (palette.on_primary, palette.primary),
        ):
            assert contrast(one, other) >= TEXT_CONTRAST
    assert contrast(palettes(Look(primary=primary))[1].primary, "#16161a") >= SHAPE_CONTRAST


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("de", "de"), ("de-AT,fr;q=0.9", "de"), ("en-GB;q=0.2, ar-EG;q=0.8", "ar"), ("pt-PT", "pt-BR"), ("zh", "en"),
        ("", "en"), ("*", "en"), ("de;q=0", "en"), ("fr, *;q=0.1", "en"), ("zh-Hant-TW-x-a", "en"),
        ("DE-x-private", "de"), ("pt-PT,ar", "ar"), ("de;q=x,ar", "ar"), ("é", "en"), ("de" * 1000, "en"),
    ],
)  # fmt: skip
def test_a_phone_gets_the_language_that_it_asks_for(header: str, language: str) -> None:
    languages = ("en", "de", "ar", "pt-BR")
    sent = [(b"accept-language", header.encode("latin-1"))] if header else []
    assert language_of(sent, languages) == language
    assert language_of(sent, ("en",)) == "en" and language_of(sent, ()) == ""


@given(
    st.text(max_size=80), st.lists(st.sampled_from(["en", "de", "de-CH", "zh-Hant", "pt-BR"]), min_size=1, max_size=5)
)
def test_the_language_is_always_one_of_the_brands(header: str, languages: list[str]) -> None:
    assert lookup(wanted_languages(header), languages, languages[0]) in languages
    assert lookup(["de-ch-1901-x-y"], ["de", "de-CH"], "en") == "de-CH"


def test_how_full_it_is_is_shown_in_whole_minutes() -> None:
    text = words_in(shown(Content("do", "de", capacity=(Capacity("Bar", 4, None, 61), Capacity("Kasse", queue=0)))))
    assert "Bar Freie Plätze: 4 Voraussichtliche Wartezeit: 2 Min." in text and "Kasse Wartende: 0" in text
