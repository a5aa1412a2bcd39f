"""Label sheets: what a printer gets is read back, label by label, by independent decoders."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pypdfium2
import pytest
import reportlab
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from deploy.operate.qr.codes import Code
from deploy.operate.qr.sheet import PADDING_MM, STOCK, Box, Sheet, cut_sheet
from deploy.operate.qr.sheet_pdf import MARK_GAP_MM, MARK_MM
from deploy.operate.qr.write import write_sheet
from gateway.scan.qr import BLACK_ON_WHITE, QUIET_ZONE, modules
from schemas.process.errors import OperatorError
from tests.support.qr_readers import READERS

DPI = 300
MM = DPI / 25.4
LATIN = Path(reportlab.__file__).parent / "fonts" / "Vera.ttf"


def codes(*names: str, copies: int = 1) -> list[Code]:
    return [Code(name, f"https://go.corner.example/s/{name}", name, copies) for name in names]


def written(tmp_path: Path, wanted: Sequence[Code], sheet: Sheet, skip: int = 0, font: Path | None = None) -> list[str]:
    """Writes sheets.pdf; the warnings."""
    file = tmp_path / "sheets.pdf"
    found = list(write_sheet(wanted, sheet, file, BLACK_ON_WHITE, font, skip, lambda: None))
    assert found[-1].file == file
    return [one.warning for one in found if one.warning]


def pages(tmp_path: Path) -> list[Image.Image]:
    """The pages as an office printer prints them."""
    return [
        page.render(scale=DPI / 72).to_pil().convert("L") for page in pypdfium2.PdfDocument(tmp_path / "sheets.pdf")
    ]


def is_blank(picture: Image.Image) -> bool:
    """Whether there is nothing but paper on it."""
    return picture.point(lambda grey: 255 if grey < 200 else 0).getbbox() is None


def cropped(page: Image.Image, box: Box) -> Image.Image:
    x, y, width, height = (length * MM for length in box)
    return page.crop((round(x), round(y), round(x + width), round(y + height)))


@pytest.mark.parametrize("name", STOCK)
def test_every_label_of_a_bought_sheet_has_its_code_and_its_caption(tmp_path: Path, name: str) -> None:
    sheet = STOCK[name]
    names = [f"shelf-{number}" for number in range(sheet.labels + 1)]
    assert written(tmp_path, codes(*names), sheet) == []
    first, second = pages(tmp_path)
    texts = pypdfium2.PdfDocument(tmp_path / "sheets.pdf")[0].get_textpage()
    for index in range(sheet.labels):
        label = sheet.place(index)
        read = zxingcpp.read_barcodes(cropped(first, label))
        assert [one.text for one in read] == [f"https://go.corner.example/s/shelf-{index}"]
        left, top = label.x * 72 / 25.4, (sheet.page[1] - label.y) * 72 / 25.4
        right, bottom = left + label.width * 72 / 25.4, top - label.height * 72 / 25.4
        caption = texts.get_text_bounded(left, bottom, right, top)
        assert "".join(caption.split()) == f"shelf-{index}"
    assert len(zxingcpp.read_barcodes(second)) == 1


@pytest.mark.parametrize("sheet", [*STOCK.values(), cut_sheet("letter", 20, None, None, 8, 3, True)])
def test_labels_are_on_the_page_and_apart(sheet: Sheet) -> None:
    labels = [sheet.place(index) for index in range(sheet.labels)]
    for label in labels:
        assert label.x >= 0 and label.y >= 0
        assert label.x + label.width <= sheet.page[0] + 0.01 and label.y + label.height <= sheet.page[1] + 0.01
    for one, other in pairwise(labels):
        assert other.x >= one.x + one.width - 0.01 or other.y >= one.y + one.height - 0.01


def test_the_quiet_zone_is_four_modules_of_light(tmp_path: Path) -> None:
    sheet = cut_sheet("a4", 37, 1, 1, 10, 0, captions=True)
    (code,) = codes("shelf-1")
    assert written(tmp_path, [code], sheet) == []
    square, _ = sheet.inner(sheet.place(0), caption=True)
    printed = cropped(pages(tmp_path)[0], square)
    side = len(modules(code.link)) + 2 * QUIET_ZONE
    module = printed.width / side
    dark = printed.point(lambda grey: 255 if grey < 128 else 0).getbbox()
    assert dark is not None
    for edge, expected in zip(dark, (4, 4, side - 4, side - 4), strict=True):
        assert abs(edge / module - expected) < 0.3
    assert side == 37 and square.width == 37, "one module is a millimetre"


@pytest.mark.parametrize("turned", [0, 11, 45])
@pytest.mark.parametrize("blur", [0, 1.0])
def test_a_code_of_15_mm_is_read_from_an_office_printer(tmp_path: Path, turned: int, blur: float) -> None:
    """What a phone makes of it has twice the printer's dots."""
    sheet = cut_sheet("a4", 15, 1, 1, 10, 0, captions=False)
    written(tmp_path, [Code("shelf-1", "https://go.corner.example/s/shelf-1", "")], sheet)
    label = sheet.place(0)
    around = Box(label.x - 3, label.y - 3, label.width + 6, label.height + 6)
    printed = cropped(pages(tmp_path)[0], around)
    seen = printed.resize((printed.width * 2, printed.height * 2), Image.Resampling.BICUBIC)
    seen = seen.rotate(turned, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    seen = seen.filter(ImageFilter.GaussianBlur(blur * 2))
    for read in READERS.values():
        assert read(seen) == ["https://go.corner.example/s/shelf-1"]


def test_crop_marks_end_before_the_labels(tmp_path: Path) -> None:
    sheet = cut_sheet("a4", 30, 2, 2, 10, 4, captions=True)
    written(tmp_path, codes("a", "b", "c", "d"), sheet)
    (page,) = pages(tmp_path)
    xs, ys = sheet.cuts()
    assert (len(xs), len(ys)) == (4, 4)
    middle = MARK_GAP_MM + MARK_MM / 2
    for x in xs:
        for y in (ys[0] - middle, ys[-1] + middle):
            assert not is_blank(cropped(page, Box(x - 0.5, y, 1, 0.5)))
    grid = Box(xs[0] - MARK_GAP_MM / 2, ys[0] - MARK_GAP_MM / 2, xs[-1] - xs[0] + MARK_GAP_MM, ys[-1] - ys[0])
    for index in range(4):
        label = sheet.place(index)
        left, top = round(label.x * MM), round(label.y * MM)
        page.paste(255, (left, top, left + round(label.width * MM), top + round(label.height * MM)))
    assert is_blank(cropped(page, grid)), "between the labels there is nothing"


def test_bought_labels_have_no_crop_marks(tmp_path: Path) -> None:
    sheet = STOCK["a4-3x7"]
    written(tmp_path, [Code("a", "https://go.corner.example/s/a", "")], sheet)
    (page,) = pages(tmp_path)
    label = sheet.place(0)
    page.paste(255, (0, 0, round((label.x + label.width) * MM), round((label.y + label.height) * MM)))
    assert is_blank(page)


@given(
    size=st.floats(8, 80), margin=st.floats(0, 30), gap=st.floats(0, 10),
    page=st.sampled_from(["a3", "a4", "a5", "letter", "320x450"]), captions=st.booleans(),
)  # fmt: skip
def test_as_many_as_fit_and_none_beyond_the_margin(
    size: float, margin: float, gap: float, page: str, captions: bool
) -> None:
    sheet = cut_sheet(page, size, None, None, margin, gap, captions)
    last = sheet.place(sheet.labels - 1)
    assert sheet.place(0).x >= margin - 0.01 and sheet.place(0).y >= margin - 0.01
    assert (
        last.x + last.width <= sheet.page[0] - margin + 0.01 and last.y + last.height <= sheet.page[1] - margin + 0.01
    )
    with pytest.raises(OperatorError, match="--columns"):
        cut_sheet(page, size, sheet.columns + 1, None, margin, gap, captions)


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (("a9", 30, None, None, 10, 0), "--page 'a9' must be"), (("a4", 5, None, None, 10, 0), "--size 5: must be 8"),
        (("a4", 30, 7, None, 10, 0), "--columns: 6 of 30 mm fit"), (("a4", 30, None, 0, 10, 0), "--rows: 7 of 30"),
        (("a4", 30, None, None, -1, 0), "--margin -1: must"), (("a4", 30, None, None, 10, float("nan")), "--gap nan"),
        (("a4", float("nan"), None, None, 10, 0), "--size nan"),
        (("a5", 200, None, None, 10, 0), "--columns: 0 of 200 mm fit"),
    ],
)  # fmt: skip
def test_a_sheet_that_does_not_fit_is_refused(
    arguments: tuple[str, float, int | None, int | None, float, float], fault: str
) -> None:
    with pytest.raises(OperatorError, match=fault):
        cut_sheet(*arguments, captions=True)


def test_copies_and_used_up_labels(tmp_path: Path) -> None:
    sheet = STOCK["a4-3x8"]
    written(tmp_path, codes("a", copies=3) + codes("b", copies=21), sheet, skip=2)
    first, second = pages(tmp_path)
    assert zxingcpp.read_barcodes(cropped(first, sheet.place(1))) == []
    texts = [zxingcpp.read_barcodes(cropped(first, sheet.place(index)))[0].text[-1] for index in range(2, 24)]
    assert texts == ["a"] * 3 + ["b"] * 19 and len(zxingcpp.read_barcodes(second)) == 2
    with pytest.raises(OperatorError, match="--skip 24: a page has 24 labels"):
        written(tmp_path, codes("a"), sheet, skip=24)


def test_the_same_codes_make_the_same_file(tmp_path: Path) -> None:
    found = []
    for _ in range(2):
        written(tmp_path, codes("a", "b"), STOCK["a4-3x8"])
        found.append((tmp_path / "sheets.pdf").read_bytes())
    assert found[0] == found[1] and list(tmp_path.iterdir()) == [tmp_path / "sheets.pdf"]


def test_a_caption_is_wrapped_shrunk_and_cut_at_last(tmp_path: Path) -> None:
    captions = ["kreuzberg-espresso-machine", "Ein Gruß – aus der Küche", "W" * 60, "word " * 80]
    wanted = [Code(str(n), f"https://a.example/s/{n}", caption) for n, caption in enumerate(captions)]
    sheet = STOCK["a4-5x13"]
    written(tmp_path, wanted, sheet)
    (page,) = pages(tmp_path)
    for index in range(len(captions)):
        label = sheet.place(index)
        _, beside = sheet.inner(label, caption=True)
        assert beside is not None and not is_blank(cropped(page, beside))
        rim = cropped(page, Box(label.x + label.width - PADDING_MM, label.y, PADDING_MM, label.height))
        assert is_blank(rim), "nothing is printed over the edge"
        assert zxingcpp.read_barcodes(cropped(page, label))[0].text == wanted[index].link


@pytest.mark.parametrize(
    ("caption", "font", "fault"),
    [
        ("кофе", None, "needs a font"), ("日本", LATIN, "has no '日'"), ("قهوة", None, "from right to left"),
        ("a", Path("/nowhere.ttf"), "--font /nowhere.ttf"),
    ],
)  # fmt: skip
def test_a_caption_that_cannot_be_set_is_refused(tmp_path: Path, caption: str, font: Path | None, fault: str) -> None:
    with pytest.raises(OperatorError, match=fault):
        written(tmp_path, [Code("a", "https://a.example", caption)], STOCK["a4-3x8"], font=font)


def test_a_font_of_ones_own(tmp_path: Path) -> None:
    written(tmp_path, [Code("a", "https://a.example", "Grüße")], STOCK["a4-3x8"], font=LATIN)
    assert "Grüße" in pypdfium2.PdfDocument(tmp_path / "sheets.pdf")[0].get_textpage().get_text_range()


def test_modules_that_a_printer_loses_are_told(tmp_path: Path) -> None:
    long = [Code("long", "https://a.example/s/" + "a" * 350, "")]
    ((warning, _),) = [written(tmp_path, long, cut_sheet("a4", 12, None, None, 10, 0, captions=False))]
    assert warning.startswith("the code of long has modules of 0.") and "larger" in warning
