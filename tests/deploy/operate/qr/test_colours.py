"""Codes in a brand's colours: whatever the brand's check lets pass, independent decoders read, small and worn."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from PIL import Image, ImageFilter

from gateway.scan.qr import Colours, colours_of, draw
from schemas.brand.checked import Checked
from schemas.brand.colours import BLACK, WHITE, mixed
from schemas.brand.look import Look
from tests.support.brand_files import brand
from tests.support.qr_readers import READERS

LINK = "https://go.corner.example/s/shelf-1"
DOTS = 177
"""Of a code of 15 mm at 300 dots an inch."""
READS_COLOURS = ("zxing-cpp", "qrdec")
"""The third one takes one threshold for a whole picture, so that white paper around a tinted code misleads it."""
COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def mistakes(look: Look) -> dict[str, str]:
    return dict(look.mistakes(Checked(brand())))


def printed(colours: Colours) -> Image.Image:
    """A code of 15 mm on white paper, as a phone sees it with twice the printer's dots."""
    code = (
        Image.open(io.BytesIO(draw(LINK, "png", 20, colours))).convert("RGB").resize((DOTS, DOTS), Image.Resampling.BOX)
    )
    paper = Image.new("RGB", (DOTS + 80, DOTS + 80), "white")
    paper.paste(code, (40, 40))
    return paper.resize((2 * paper.width, 2 * paper.height), Image.Resampling.BICUBIC)


def barely_right(dark: str, light: str) -> Look:
    """The colours, the light one so much lighter and the dark one so much darker that the check just lets them pass."""
    while "look.code_light" in mistakes(Look(code_light=light)):
        light = mixed(light, WHITE, 0.1)
    while mistakes(look := Look(code_dark=dark, code_light=light)):
        dark = mixed(dark, BLACK, 0.1)
    return look


@settings(max_examples=30, deadline=None)
@given(dark=COLOURS, light=COLOURS)
def test_what_the_check_lets_pass_is_read(dark: str, light: str) -> None:
    picture = printed(colours_of(barely_right(dark, light)))
    worn = picture.rotate(17, Image.Resampling.BICUBIC, expand=True, fillcolor="white")
    for name in READS_COLOURS:
        assert READERS[name](picture) == [LINK]
        assert READERS[name](worn.filter(ImageFilter.GaussianBlur(2))) == [LINK]


@pytest.mark.parametrize("dark", ["#0b3d2e", "#4a148c", "#7a1f1f", "#000000"])
def test_usual_colours_are_read_by_all(dark: str) -> None:
    look = Look(code_dark=dark)
    assert mistakes(look) == {}
    for read in READERS.values():
        assert read(printed(colours_of(look))) == [LINK]


@pytest.mark.parametrize(
    ("look", "field", "fault"),
    [
        (Look(code_dark="#ffcc00"), "look.code_dark", "has a contrast of 1.5"),
        (Look(code_dark="#ffffff", code_light="#000000"), "look.code_dark", "lighter than code_light"),
        (Look(code_dark="#000000", code_light="#707070"), "look.code_light", "with white; 1.5 is the most"),
        (Look(code_dark="black"), "look.code_dark", "is no colour"),
        (Look(code_light="#fff"), "look.code_light", "is no colour"),
    ],
)
def test_colours_that_readers_cannot_tell_apart_are_a_mistake(look: Look, field: str, fault: str) -> None:
    assert fault in mistakes(look)[field]


def test_every_kind_of_picture_has_the_colours() -> None:
    colours = Colours("#0b3d2e", "#fff8e1")
    assert b"#0b3d2e" in draw(LINK, "svg", 4, colours) and b"#fff8e1" in draw(LINK, "svg", 4, colours)
    png = Image.open(io.BytesIO(draw(LINK, "png", 4, colours))).convert("RGB")
    assert {colour for _, colour in png.getcolors() or []} == {(0x0B, 0x3D, 0x2E), (0xFF, 0xF8, 0xE1)}
    assert draw(LINK, "pdf", 4, colours) != draw(LINK, "pdf", 4)


def test_a_brand_says_nothing_and_has_black_on_white() -> None:
    assert colours_of(brand().about.look) == Colours("#000000", "#ffffff")
    assert replace(brand().about, look=Look()) == brand().about


def test_red_codes_are_told_where_tills_scan() -> None:
    red, green = Look(code_dark="#c00000"), Look(code_dark="#0b3d2e")
    assert mistakes(red) == {} and "look.code_dark" in red.red_light_warning and green.red_light_warning == ""
