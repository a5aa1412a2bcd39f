"""Log files of child processes: rotated by size at a start, quoted when a start fails."""

import os
from pathlib import Path

ROTATE_AT_BYTES = 5_000_000
KEPT = 3
TAIL_LINES = 20
TAIL_BYTES = 16_384


def rotate(log: Path) -> int:
    """Moves a log larger than `ROTATE_AT_BYTES` to `.1` (`.1` to `.2` …); returns the next line's offset in `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    size = log.stat().st_size if log.exists() else 0
    if size < ROTATE_AT_BYTES:
        return size
    for age in range(KEPT - 1, 0, -1):
        older = _aged(log, age)
        if older.exists():
            os.replace(older, _aged(log, age + 1))
    os.replace(log, _aged(log, 1))
    return 0


def tail(log: Path, began: int) -> str:
    """The last `TAIL_LINES` lines written since byte `began`."""
    with log.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        file.seek(max(began, end - TAIL_BYTES))
        lines = file.read().decode(errors="replace").splitlines()
    return "\n".join(lines[-TAIL_LINES:])


def _aged(log: Path, age: int) -> Path:
    return log.with_name(f"{log.name}.{age}")
