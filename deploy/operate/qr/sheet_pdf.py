"""Label sheets as a PDF of vector paths, with crop marks and captions."""

import re
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.pdfgen.canvas import Canvas

from deploy.operate.qr.codes import Code
from deploy.operate.qr.sheet import Box, Sheet
from gateway.scan.qr import QUIET_ZONE, Colours, modules
from schemas.process.errors import OperatorError
from schemas.text import has_right_to_left

BUILT_IN_FONT: Final = "Helvetica"
OWN_FONT: Final = "CaptionFont"
LARGEST_PT, SMALLEST_PT, STEP_PT = 11.0, 5.0, 0.5
LINE_HEIGHT: Final = 1.2
CAPTION_PADDING_MM: Final = 1.0
MARK_MM, MARK_GAP_MM, MARK_PT = 4.0, 1.0, 0.25
"""Of a crop mark: its length, how far it stays from the labels, and its width."""
_PIECES: Final = re.compile(r"[^\s-]*-+|[^\s-]+\s*|\s+")
MIN_MODULE_MM: Final = 0.25
"""Smaller modules are lost by an office printer of 300 dots an inch, which has three for one."""


def font_of(file: Path | None, captions: Iterable[str]) -> str:
    """The font of the captions: the one in the file, else the built-in one, which has the letters of Western Europe.

    :raises OperatorError: the file is no TrueType font, or a caption cannot be set in it.
    """
    letters: Container[int] | None = None
    if file is not None:
        try:
            own = TTFont(OWN_FONT, str(file))
        except (TTFError, OSError) as error:
            raise OperatorError(f"--font {file}: {error}") from None
        pdfmetrics.registerFont(own)
        letters = own.face.charToGlyph
    for caption in captions:
        if has_right_to_left(caption):
            raise OperatorError(f"the caption {caption!r} runs from right to left, which a sheet cannot set")
        if letters is None and not _is_western(caption):
            raise OperatorError(f"the caption {caption!r} needs a font that has its letters: --font FILE.ttf")
        if letters is not None and (missing := [char for char in caption if ord(char) not in letters]):
            raise OperatorError(f"--font {file}: has no {missing[0]!r} for the caption {caption!r}")
    return BUILT_IN_FONT if file is None else OWN_FONT


def write_sheets(
    codes: Sequence[Code], sheet: Sheet, file: Path, colours: Colours, font: str, skip: int, drawn: Callable[[], None]
) -> Iterator[str]:
    """Writes the labels of all codes into one PDF, and yields warnings.

    :param font: see :func:`font_of`. :param skip: labels of the first page that are left free: they are used up.
    :param drawn: called after each code. :raises OSError: the file cannot be written.
    """
    width, height = (length * mm for length in sheet.page)
    unfinished = file.with_name(f"{file.name}.unfinished")
    canvas = Canvas(str(unfinished), pagesize=(width, height), pageCompression=1, invariant=1)
    canvas.setTitle("QR codes")
    index, captions = skip, any(code.caption for code in codes)
    for code in codes:
        dark = modules(code.link)
        for copy in range(code.copies):
            place = index % sheet.labels
            if place == 0 and index > skip:
                canvas.showPage()
            if place == 0 or index == skip:
                _draw_marks(canvas, sheet)
            label = sheet.place(place)
            square, beside = sheet.inner(label, captions)
            module_mm = square.width / (len(dark) + 2 * QUIET_ZONE)
            if copy == 0 and module_mm < MIN_MODULE_MM:
                yield f"the code of {code.name} has modules of {module_mm:.2f} mm: print it larger, or shorten its link"
            _draw_code(canvas, sheet, dark, square, colours)
            if beside is not None:
                _draw_caption(canvas, sheet, code.caption, beside, font)
            index += 1
        drawn()
    canvas.showPage()
    canvas.save()
    unfinished.replace(file)


def _draw_code(canvas: Any, sheet: Sheet, dark: tuple[bytes, ...], square: Box, colours: Colours) -> None:
    """One path of all dark modules: renderers leave no seams within a path."""
    step = square.width * mm / (len(dark) + 2 * QUIET_ZONE)
    left, top = square.x * mm + QUIET_ZONE * step, (sheet.page[1] - square.y) * mm - QUIET_ZONE * step
    canvas.setFillColor(HexColor(colours.light))
    canvas.rect(
        square.x * mm, (sheet.page[1] - square.y - square.height) * mm, square.width * mm, square.height * mm, 0, 1
    )
    canvas.setFillColor(HexColor(colours.dark))
    path = canvas.beginPath()
    for row, line in enumerate(dark):
        column = 0
        for is_dark, run in groupby(line):
            length = len(list(run))
            if is_dark:
                path.rect(left + column * step, top - (row + 1) * step, length * step, step)
            column += length
    canvas.drawPath(path, stroke=0, fill=1)


def _draw_caption(canvas: Any, sheet: Sheet, caption: str, box: Box, font: str) -> None:
    """In the largest size that fits, in the middle of its box; what does not fit in the smallest one is cut."""
    width, height = (box.width - 2 * CAPTION_PADDING_MM) * mm, box.height * mm
    size = LARGEST_PT
    while size > SMALLEST_PT and not _fits(caption, font, size, width, height):
        size -= STEP_PT
    lines = _lines(caption, font, size, width)
    most = max(1, int(height / (size * LINE_HEIGHT)))
    if len(lines) > most:
        lines = [*lines[: most - 1], lines[most - 1][:-1] + "…"]
    canvas.setFillColor(HexColor("#000000"))
    canvas.setFont(font, size)
    y = (sheet.page[1] - box.y) * mm - (height - len(lines) * size * LINE_HEIGHT) / 2 - size
    for line in lines:
        canvas.drawCentredString((box.x + box.width / 2) * mm, y, line)
        y -= size * LINE_HEIGHT


def _fits(caption: str, font: str, size: float, width: float, height: float) -> bool:
    """Whether it fits without a word that is broken where it should not be."""
    if any(_width(piece.strip(), font, size) > width for piece in _PIECES.findall(caption)):
        return False
    return len(_lines(caption, font, size, width)) * size * LINE_HEIGHT <= height


def _lines(caption: str, font: str, size: float, width: float) -> list[str]:
    """The caption in lines of the width, broken at blanks and behind hyphens; a piece that is longer still is broken
    where it must be."""
    lines = [""]
    for piece in _PIECES.findall(caption):
        if lines[-1] and _width((lines[-1] + piece).rstrip(), font, size) > width:
            lines.append("")
        lines[-1] += piece
        while _width(lines[-1].rstrip(), font, size) > width and len(lines[-1]) > 1:
            line = lines[-1]
            end = next(n for n in range(len(line) - 1, 0, -1) if n == 1 or _width(line[:n], font, size) <= width)
            lines[-1:] = [line[:end], line[end:]]
    return [line.strip() for line in lines if line.strip()]


def _width(text: str, font: str, size: float) -> float:
    return float(pdfmetrics.stringWidth(text, font, size))


def _draw_marks(canvas: Any, sheet: Sheet) -> None:
    """Crop marks at the ends of every cut, outside of the labels."""
    if not sheet.cut:
        return
    canvas.setLineWidth(MARK_PT)
    canvas.setStrokeColor(HexColor("#000000"))
    xs, ys = sheet.cuts()
    height = sheet.page[1]
    for x in xs:
        for start, way in ((ys[0], -1), (ys[-1], 1)):
            near, far = start + way * MARK_GAP_MM, start + way * (MARK_GAP_MM + MARK_MM)
            canvas.line(x * mm, (height - near) * mm, x * mm, (height - far) * mm)
    for y in ys:
        for start, way in ((xs[0], -1), (xs[-1], 1)):
            near, far = start + way * MARK_GAP_MM, start + way * (MARK_GAP_MM + MARK_MM)
            canvas.line(near * mm, (height - y) * mm, far * mm, (height - y) * mm)


def _is_western(text: str) -> bool:
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True
