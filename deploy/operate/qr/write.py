"""QR codes as files for printing, drawn by the gateway's own code: one file each, or all on label sheets."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from deploy.operate.qr.codes import Code
from deploy.operate.qr.sheet import Sheet
from gateway.scan.qr import Colours, draw
from schemas.process.errors import OperatorError

SCALE = {"png": 16, "svg": 4, "pdf": 4}
"""Size of one module (a square of the code): pixels, SVG units, points. SVG and PDF are vector formats."""
SHEET_FILE = "codes.pdf"


class Written(NamedTuple):
    """A file that was written, None for a part of one; ``warning`` says what is wrong with a code, empty when nothing
    is."""

    file: Path | None
    warning: str


def write_codes(
    codes: Sequence[Code], out: Path, kind: str, colours: Colours, drawn: Callable[[], None]
) -> Iterator[Written]:
    """Writes one file a code and yields it; a code that comes twice is written once.

    :param kind: svg, png or pdf. :param drawn: called after each code.
    :raises OperatorError: a directory that cannot be written.
    """
    done: set[str] = set()
    try:
        out.mkdir(parents=True, exist_ok=True)
        for code in codes:
            if code.name not in done:
                done.add(code.name)
                file = out / f"{code.name}.{kind}"
                file.write_bytes(draw(code.link, kind, SCALE[kind], colours))
                yield Written(file, code.warning)
            drawn()
    except OSError as error:
        raise OperatorError(f"--out {out}: {error.strerror}") from None


def write_sheet(
    codes: Sequence[Code],
    sheet: Sheet,
    out: Path,
    colours: Colours,
    font: Path | None,
    skip: int,
    drawn: Callable[[], None],
) -> Iterator[Written]:
    """Writes all codes into one PDF; yields warnings, and at last the file.

    :param out: the file, or a directory for :data:`SHEET_FILE`. :param font: of captions.
    :param skip: labels of the first page that are used up. :param drawn: called after each code.
    :raises OperatorError: what cannot be written, a font or a caption that cannot be set.
    """
    # It takes a moment to import, and no other command needs it.
    from deploy.operate.qr.sheet_pdf import font_of, write_sheets

    if not 0 <= skip < sheet.labels:
        raise OperatorError(f"--skip {skip}: a page has {sheet.labels} labels")
    name = font_of(font, (code.caption for code in codes))
    file = out if out.suffix.lower() == ".pdf" else out / SHEET_FILE
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        for warning in write_sheets(codes, sheet, file, colours, name, skip, drawn):
            yield Written(None, warning)
    except OSError as error:
        raise OperatorError(f"--out {out}: {error.strerror}") from None
    for code in codes:
        if code.warning:
            yield Written(None, code.warning)
    yield Written(file, "")
