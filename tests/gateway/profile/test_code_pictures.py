"""Codes as pictures within the page: a scanner reads each, and it says in words what it is."""

import re

import pytest
import zxingcpp
from PIL import Image

from gateway.profile.code_pictures import bars_picture, qr_picture


def drawn(svg: str) -> Image.Image:
    """A picture of strokes or of bars, as a browser draws it."""
    box = re.search(r'viewBox="0 0 (\d+) (\d+)"', svg)
    assert box is not None
    picture = Image.new("L", (int(box[1]), int(box[2])), 255)
    path = svg.rpartition(' d="')[2].partition('"')[0]
    if "stroke" in svg:
        x = y = 0
        for move, dx, dy, length in re.findall(r"([Mm])(\d+) (\d+)(?:\.5)?h(\d+)", path):
            x, y = (int(dx), int(dy)) if move == "M" else (x + int(dx), y)
            picture.paste(0, (x, y, x + int(length), y + 1))
            x += int(length)
    else:
        for at, length, height in re.findall(r"M(\d+) 0h(\d+)v(\d+)", path):
            picture.paste(0, (int(at), 0, int(at) + int(length), int(height)))
    return picture.resize((picture.width * 4, picture.height * 4), Image.Resampling.NEAREST)


@pytest.mark.parametrize("code", ["7Q2M8K1R4TWX0Z", "4006381333931", "SPRING.2026_A"])
def test_both_pictures_hold_the_code_on_a_light_ground(code: str) -> None:
    for picture in (qr_picture(code, f"of <{code}>"), bars_picture(code, f"of <{code}>")):
        assert [one.text for one in zxingcpp.read_barcodes(drawn(picture))] == [code]
        assert f'role="img" aria-label="of &lt;{code}&gt;"' in picture and 'fill="#fff"' in picture
