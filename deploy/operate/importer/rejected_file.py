"""The file of an import's rejected lines: JSON Lines with line number, reason and text."""

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from deploy.operate.importer.lines import RejectedLine


def append(file: Path, rejected: Sequence[RejectedLine], *, with_text: bool) -> int:
    """Appends rejected lines and returns the number of bytes written; bytes that are not UTF-8 are escaped.

    :param with_text: for lines that stand in clear beside this file already. Only this user can read it.
    """
    if not rejected:
        return 0
    rows = [{"line": one.line.number, "reason": one.reason, **_text(one, with_text)} for one in rejected]
    content = b"".join(msgspec.json.encode(row) + b"\n" for row in rows)
    file.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as out:
        out.write(content)
    return len(content)


def truncate(file: Path, length: int) -> int:
    """Removes what an interrupted run wrote after its last checkpoint; returns the length that remains, in bytes."""
    kept = min(length, file.stat().st_size) if file.exists() else 0
    if kept:
        os.truncate(file, kept)
    else:
        file.unlink(missing_ok=True)
    return kept


def _text(rejected: RejectedLine, with_text: bool) -> dict[str, str]:
    return {"text": rejected.line.text.decode(errors="backslashreplace")} if with_text else {}
