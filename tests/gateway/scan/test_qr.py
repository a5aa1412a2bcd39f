"""QR codes are read back by three independent decoders."""

import io
import re
from collections.abc import Iterator

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from gateway.scan.link import link_of
from gateway.scan.qr import draw
from tests.support.gateway_process import GatewayClient, GatewayProcess
from tests.support.qr_readers import READERS

BASE = "https://go.corner.example"
LINK = f"{BASE}/s/shelf-1"
NAMES = ["größe", "Äpfel", "façade", "кофе", "日本", "قهوة", "SHELF-1", "0431234567", "a" * 100, "日" * 20]


def decoded(picture: Image.Image) -> list[str]:
    """What all readers agree on."""
    found = {name: read(picture) for name, read in READERS.items()}
    assert len({tuple(texts) for texts in found.values()}) == 1, found
    return found["zxing-cpp"]


def drawn(link: str, scale: int = 8) -> Image.Image:
    return Image.open(io.BytesIO(draw(link, "png", scale)))


@pytest.mark.parametrize("scale", [2, 3, 8, 40])
def test_a_png_decodes(scale: int) -> None:
    assert decoded(drawn(LINK, scale)) == [LINK]


def test_the_smallest_png_decodes() -> None:
    assert READERS["zxing-cpp"](drawn(LINK, 1)) == [LINK]


@pytest.mark.parametrize("tag", NAMES)
def test_every_decoder_reads_the_same_link_whatever_the_tag_is_called(tag: str) -> None:
    assert decoded(drawn(link_of(BASE, tag))) == [link_of(BASE, tag)]


@settings(max_examples=50, deadline=None)
@given(st.from_regex(r"[\w.-]{1,20}", fullmatch=True))
def test_every_decoder_reads_the_link_of_any_tag(tag: str) -> None:
    assert decoded(drawn(link_of(BASE, tag))) == [link_of(BASE, tag)]


def test_a_worn_and_turned_print_still_decodes() -> None:
    picture = drawn(LINK).convert("L")
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


async def test_a_code_carries_the_percent_encoded_link(client: GatewayClient, gateway: GatewayProcess) -> None:
    response = await client.request("GET", "/qr/gr%C3%B6%C3%9Fe.png")
    assert decoded(Image.open(io.BytesIO(await response.read()))) == [f"{gateway.url}/s/gr%C3%B6%C3%9Fe"]


@pytest.mark.parametrize(
    "host",
    ['a"><b', "evil.example", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.evil.example:{port}", "evil.example:{port}",
     "10.0.0.1:{port}", "[::1]:{port}", "corner.example:{port}", "ann@127.0.0.1:{port}", "0x7f.1:{port}", ""],
)  # fmt: skip
async def test_a_strangers_host_gets_into_no_code(client: GatewayClient, gateway: GatewayProcess, host: str) -> None:
    headers = {"Host": host.format(port=gateway.port)}
    response = await client.request("GET", "/qr/shelf-1.png", headers=headers)
    assert response.status == 400 and (not host or "FOOTPATH_GATEWAY_PUBLIC_URL" in await response.text())


@pytest.mark.parametrize(
    ("host", "base"),
    [
        ("corner.example", "https://corner.example"), ("SHOP.corner.example", "https://shop.corner.example"),
        ("corner.example:443", "https://corner.example"), ("localhost:{port}", "http://localhost:{port}"),
    ],
)  # fmt: skip
async def test_registered_hosts_and_the_gateways_own_are_taken(
    client: GatewayClient, gateway: GatewayProcess, host: str, base: str
) -> None:
    headers = {"Host": host.format(port=gateway.port)}
    response = await client.request("GET", "/qr/shelf-1.png", headers=headers)
    assert decoded(Image.open(io.BytesIO(await response.read()))) == [f"{base.format(port=gateway.port)}/s/shelf-1"]
