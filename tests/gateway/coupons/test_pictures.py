"""Pictures of codes are read back by a scanner."""

import re

import pytest
import zxingcpp
from PIL import Image, ImageDraw

from gateway.coupons.pictures import BAR_HEIGHT, Symbology, has_ean, picture
from gateway.scan.qr import draw
from schemas.coupons.codes import generated

CODE = generated(bytes(32), "five", 1)


def rendered(svg: bytes) -> Image.Image:
    """The bars of an SVG, four pixels a module."""
    width = int(re.findall(rb'viewBox="0 0 (\d+)', svg)[0])
    image = Image.new("L", (width * 4, BAR_HEIGHT * 4), 255)
    for x, bar in re.findall(rb"M(\d+) 0h(\d+)v", svg.partition(b"<path d=")[2]):
        ImageDraw.Draw(image).rectangle((int(x) * 4, 0, (int(x) + int(bar)) * 4 - 1, BAR_HEIGHT * 4), fill=0)
    return image


def test_text_is_in_groups() -> None:
    assert picture("ABCDEFGHJK", "text") == b"ABCD-EFGH-JK"


@pytest.mark.parametrize(
    ("code", "symbology", "read_as"),
    [
        (CODE, "code128", zxingcpp.BarcodeFormat.Code128),
        ("SUMMER_26.X", "code128", zxingcpp.BarcodeFormat.Code128),
        ("4006381333931", "ean", zxingcpp.BarcodeFormat.EAN13),
        ("96385074", "ean", zxingcpp.BarcodeFormat.EAN8),
        ("4006381333931", "code128", zxingcpp.BarcodeFormat.Code128),
    ],
)
def test_a_scanner_reads_the_code(code: str, symbology: Symbology, read_as: zxingcpp.BarcodeFormat) -> None:
    svg = picture(code, symbology)
    assert svg is not None and len(svg) < 2_500 and b"style" not in svg
    [found] = zxingcpp.read_barcodes(rendered(svg))
    assert (found.text, found.format) == (code, read_as)


def test_a_qr_code_is_the_one_of_tags() -> None:
    assert picture(CODE, "qr") == draw(CODE, "svg", 8)


def test_a_code_that_is_no_ean_has_none() -> None:
    assert picture("4006381333932", "ean") is None and picture(CODE, "ean") is None
    assert not has_ean("1234567") and has_ean("4006381333931")
