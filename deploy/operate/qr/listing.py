"""A list of codes to print: a CSV file with a header."""

import csv
import io
from pathlib import Path
from typing import Final, NamedTuple

from schemas.process.errors import OperatorError
from schemas.text import name_form

COLUMNS: Final = ("tag", "caption", "copies", "lot", "serial")
MAX_COPIES: Final = 10_000


class Line(NamedTuple):
    """A line: the tag's id; the caption, None where the file has no such column; how many copies; lot and serial of a
    GS1 Digital Link. ``number`` is its place in the file.
    """

    number: int
    tag: str
    caption: str | None = None
    copies: int = 1
    lot: str = ""
    serial: str = ""


def read_listing(file: Path) -> list[Line]:
    """The lines, in the file's order; those without anything are left out. The separator is a comma, semicolon or tab.

    :raises OperatorError: the file cannot be read, or has something wrong, which the message names by line.
    """
    try:
        text = file.read_text("utf-8-sig")
    except OSError as error:
        raise OperatorError(f"--csv {file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise OperatorError(f"--csv {file}: is not UTF-8") from None
    header = text.partition("\n")[0]
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=header.count), strict=True)
    try:
        names = [name.strip().lower() for name in next(rows, [])]
        _check_names(file, names)
        return [_line(file, rows.line_num, names, row) for row in rows if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise OperatorError(f"--csv {file}:{rows.line_num}: {error}") from None


def _check_names(file: Path, names: list[str]) -> None:
    known = ", ".join(COLUMNS)
    if "tag" not in names:
        raise OperatorError(f"--csv {file}:1: must have a header with the column tag, and may have others of {known}")
    for name in names:
        if name not in COLUMNS or names.count(name) > 1:
            raise OperatorError(f"--csv {file}:1: {name!r} must be one of the columns {known}, and stand there once")


def _line(file: Path, number: int, names: list[str], row: list[str]) -> Line:
    if len(row) > len(names):
        raise OperatorError(f"--csv {file}:{number}: has {len(row)} cells for {len(names)} columns")
    cells = {name: name_form(cell) for name, cell in zip(names, row, strict=False)}
    copies = cells.get("copies") or "1"
    if not (copies.isascii() and copies.isdigit() and len(copies) < 6 and 1 <= int(copies) <= MAX_COPIES):
        raise OperatorError(f"--csv {file}:{number}: copies {copies!r} must be 1 to {MAX_COPIES}")
    return Line(
        number=number,
        tag=cells["tag"],
        caption=cells.get("caption"),
        copies=int(copies),
        lot=cells.get("lot", ""),
        serial=cells.get("serial", ""),
    )
