"""The page: its texts follow the reader's size, wrap, keep their lines, and run as their language does."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.http.pages import notice_page
from gateway.landing.page import Page, Surroundings, landing_page
from gateway.landing.style import style_of
from schemas.brand.look import Look
from schemas.brand.placeholders import fill_text

SHOP = "https://shop.example/p"
ARABIC = "أكاديمية القهوة 250 g (2)"
VALUES = {"product_name": ARABIC, "store_name": "Mitte", "stock": "3"}


class Texts(HTMLParser):
    """The attributes of each element, and its text."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.attributes: dict[str, dict[str, str | None]] = {}
        self.texts: dict[str, str] = {}
        self._open: list[str] = []
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes.setdefault(tag, dict(attrs))
        if tag not in ("meta", "img"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self._open.remove(tag)

    def handle_data(self, data: str) -> None:
        for tag in self._open:
            self.texts[tag] = self.texts.get(tag, "") + data


def rendered(title: str, text: str, label: str, language: str = "", direction: str = "", live: bool = False) -> bytes:
    around = Surroundings("Kolibri", language, direction, "DE", (SHOP,), (SHOP,), Look(), live)
    return landing_page(Page(title, text, label, SHOP), around).whole(b"")


def page(title: str, text: str = "", label: str = "Go", language: str = "", direction: str = "") -> Texts:
    shown = [fill_text(one, VALUES) for one in (title, text, label)]
    return Texts(rendered(*shown, language=language, direction=direction))


def test_sizes_follow_the_readers_setting_and_nothing_blocks_it() -> None:
    style = style_of(Look())
    assert re.findall(r"[0-9.]px", style) == [] and "size-adjust" not in style
    assert "font:1.0625rem" in style and "overflow-wrap:anywhere" in style and "white-space:pre-line" in style
    found = page("Hello").attributes["meta"] | {}
    assert "maximum-scale" not in str(found) and "user-scalable" not in rendered("a", "", "b").decode()


def test_the_language_is_the_brands() -> None:
    assert page("Hallo", language="de-AT", direction="ltr").attributes["html"] == {"lang": "de-AT", "dir": "ltr"}
    assert page("שלום", language="he", direction="rtl").attributes["html"] == {"lang": "he", "dir": "rtl"}
    assert page("Hello").attributes["html"] == {}, "nobody said English"
    assert Texts(bytes(notice_page(404, "a", "b").body)).attributes["html"] == {"lang": "en", "dir": "ltr"}


def test_each_text_runs_as_its_letters_do_where_the_brand_says_nothing() -> None:
    shown = page("نفدت الكمية هنا!", "{product_name}. השארנו אחד בדלפק.", "أرني")
    assert [shown.attributes[one]["dir"] for one in ("h1", "p", "a")] == ["auto"] * 3
    assert shown.texts["bdi"] == ARABIC and shown.texts["p"] == f"{ARABIC}. השארנו אחד בדלפק."


@pytest.mark.parametrize(
    ("text", "direction", "runs"),
    [
        ("Kolibri: כמעט אזל", "rtl", "rtl"), ("Only 3 left!", "rtl", "auto"), ("נשאר 1", "rtl", "rtl"),
        ("Only {stock} left", "ltr", "auto"), ("{product_name} is sold out", "en", "auto"),
        ("{product_name}!", "ltr", "rtl"), ("{product_name}", "ltr", "auto"), ("3 + 3", "rtl", "rtl"),
        ("3 + 3", "ltr", "auto"), ("أهلا Kolibri", "ltr", "auto"),
    ],
)  # fmt: skip
def test_a_text_may_begin_with_a_name_in_another_script(text: str, direction: str, runs: str) -> None:
    assert page(text, direction=direction).attributes["h1"]["dir"] == runs


def test_a_name_moves_nothing_beside_it() -> None:
    shown = page("{product_name} (2) at {store_name}")
    assert shown.texts["h1"] == f"{ARABIC} (2) at Mitte" and shown.texts["bdi"] == f"{ARABIC}Mitte"
    assert page("{stock} at {store_name}").texts.get("bdi") is None, "one direction: nothing to isolate"


def test_an_override_in_a_name_ends_with_the_name() -> None:
    name = "\u202eevil\u2069"
    assert fill_text("{product_name} is sold out", {"product_name": name}) == "\u2068evil\u2069 is sold out"


def test_line_breaks_stay() -> None:
    assert page("Hello", "first\nsecond\n\nthird").texts["p"] == "first\nsecond\n\nthird"


@given(st.text(max_size=60), st.text(max_size=60), st.sampled_from(["", "ltr", "rtl"]))
def test_nothing_of_a_text_becomes_markup(title: str, name: str, direction: str) -> None:
    text = fill_text("{product_name}" + title.replace("{", "").replace("}", ""), {"product_name": name})
    shown = Texts(rendered(text or "x", "", "Go", "de", direction))
    assert shown.attributes.keys() <= {
        "html",
        "meta",
        "title",
        "style",
        "header",
        "main",
        "h1",
        "bdi",
        "a",
        "div",
        "footer",
    }
    assert not shown._open and shown.texts["a"] == "GoDatenschutz"
