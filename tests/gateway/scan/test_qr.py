"""QR codes are read back by an independent decoder."""

import io
import re
from collections.abc import Iterator

import pypdfium2
import pytest
import zxingcpp
from PIL import Image, ImageFilter

from gateway.scan.qr import draw
from tests.support.gateway_process import GatewayClient, GatewayProcess

LINK = "https://go.corner.example/s/shelf-1"


def decoded(picture: Image.Image) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(picture.convert("L"))]


@pytest.mark.parametrize("scale", [1, 3, 8, 40])
def test_a_png_decodes(scale: int) -> None:
    assert decoded(Image.open(io.BytesIO(draw(LINK, "png", scale)))) == [LINK]


def test_a_worn_and_turned_print_still_decodes() -> None:
    picture = Image.open(io.BytesIO(draw(LINK, "png", 8))).convert("L")
    worn = picture.filter(ImageFilter.GaussianBlur(2)).rotate(17, expand=True, fillcolor=255)
    middle = worn.width // 2
    worn.paste(128, (middle, middle, middle + 16, middle + 16))
    assert decoded(worn) == [LINK]


def test_a_pdf_decodes() -> None:
    page = pypdfium2.PdfDocument(draw(LINK, "pdf", 8))[0]
    assert decoded(page.render(scale=2).to_pil()) == [LINK]


def strokes(svg: str) -> Iterator[tuple[int, int, int]]:
    """The horizontal strokes (x, y, length in modules) of the SVG path of dark modules."""
    path = svg.partition('stroke="#000" d="')[2].partition('"')[0]
    x = y = 0.0
    for command, first, second in re.findall(r"([Mmh])(-?[0-9.]+)(?: (-?[0-9.]+))?", path):
        if command == "h":
            yield int(x), int(y), int(first)
            x += float(first)
        else:
            x, y = (0.0, 0.0) if command == "M" else (x, y)
            x, y = x + float(first), y + float(second)


def test_an_svg_decodes() -> None:
    svg = draw(LINK, "svg", 1).decode()
    size = int(svg.partition('width="')[2].partition('"')[0])
    drawn = Image.new("L", (size, size), 255)
    for x, y, length in strokes(svg):
        drawn.paste(0, (x, y, x + length, y + 1))
    assert decoded(drawn.resize((size * 4, size * 4), Image.Resampling.NEAREST)) == [LINK]


async def test_a_tags_qr_code_has_its_link(client: GatewayClient, gateway: GatewayProcess) -> None:
    response = await client.request("GET", "/qr/bottle.7.png?scale=4")
    assert (response.status, response.content_type) == (200, "image/png")
    assert decoded(Image.open(io.BytesIO(await response.read()))) == [f"{gateway.url}/s/bottle.7"]
    for kind, media_type in (("svg", "image/svg+xml"), ("pdf", "application/pdf")):
        assert (await client.request("GET", f"/qr/shelf-1.{kind}")).content_type == media_type


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/qr/nobody.png", 404), ("/qr/shelf-1.gif", 404), ("/qr/shelf-1", 404), ("/qr/shelf-1.png?scale=0", 400),
        ("/qr/shelf-1.png?scale=41", 400), ("/qr/shelf-1.png?scale=-1", 400), ("/qr/shelf-1.png?scale=1e9", 400),
    ],
)  # fmt: skip
async def test_what_cannot_be_drawn_is_refused(client: GatewayClient, path: str, status: int) -> None:
    assert (await client.request("GET", path)).status == status


async def test_a_host_that_is_none_is_refused(client: GatewayClient) -> None:
    response = await client.request("GET", "/qr/shelf-1.png", headers={"Host": 'a"><b'})
    assert response.status == 400
