"""Codes of a CSV file, with what is wrong with it by line."""

import csv
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

from schemas.coupons.codes import MAX_CODE_CHARS, normalised
from schemas.process.errors import OperatorError

COLUMNS: Final = ("code", "expires_at")
MAX_FAULTS: Final = 100


class ImportedCode(NamedTuple):
    """A code, normalised, and until when it can be used in microseconds; 0: what the pool says."""

    code: str
    expires_at: int = 0


def read_codes(file: Path) -> tuple[list[ImportedCode], list[str]]:
    """The codes, and what is wrong (at most `MAX_FAULTS` lines of it).

    :raises OperatorError: the file cannot be read, or its header is another one.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise OperatorError(f"{file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise OperatorError(f"{file}: must be in UTF-8") from None
    rows = csv.reader(text.splitlines(keepends=True))
    header = tuple(name.strip().lower() for name in next(rows, []))
    if header not in (COLUMNS, COLUMNS[:1]):
        raise OperatorError(f"{file}: the first line must be the header {','.join(COLUMNS)}, or code alone")
    codes: dict[str, ImportedCode] = {}
    lines: dict[str, int] = {}
    faults: list[str] = []
    for row in rows:
        if not any(field.strip() for field in row):
            continue
        at = rows.line_num
        code, fault = normalised(row[0]), ""
        expires_at = _micros(row[1].strip()) if len(row) > 1 else 0
        if len(row) > len(header):
            fault = f"has {len(row)} fields, and the header {len(header)}"
        elif not code:
            fault = f"code {row[0]!r} must have 1 to {MAX_CODE_CHARS} letters, digits, dots, hyphens and blanks"
        elif code in lines:
            fault = f"code {row[0]!r} is that of line {lines[code]}, as tills read it"
        elif expires_at is None:
            fault = f"expires_at {row[1]!r} is no time of RFC 3339, such as 2026-12-31T23:59:59+01:00"
        else:
            codes[code], lines[code] = ImportedCode(code, expires_at), at
        if fault:
            faults.append(f"{file}:{at}: {fault}")
            if len(faults) == MAX_FAULTS:
                break
    return list(codes.values()), faults


def _micros(text: str) -> int | None:
    """0 for an empty text; None: it is no time with an offset of this century."""
    if not text:
        return 0
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    if at.tzinfo is None or not 2000 <= at.year < 2100:
        return None
    return int(at.timestamp()) * 1_000_000
