"""Log files of child processes: only this user can read them; rotated by size, quoted when a start fails."""

import os
import shutil
from pathlib import Path
from typing import IO

ROTATE_AT_BYTES = 5_000_000
KEPT = 3
TAIL_LINES = 20
TAIL_BYTES = 16_384


def open_private(log: Path) -> IO[bytes]:
    """The log, to append to."""
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    os.fchmod(handle, 0o600)  # one of an earlier version
    return os.fdopen(handle, "ab")


def rotate(log: Path) -> int:
    """Moves a log larger than `ROTATE_AT_BYTES` to `.1` (`.1` to `.2` …); returns the next line's offset in `log`.

    Called before a start, when nobody writes to the log."""
    log.parent.mkdir(parents=True, exist_ok=True)
    size = log.stat().st_size if log.exists() else 0
    if size < ROTATE_AT_BYTES:
        return size
    _make_room(log)
    os.replace(log, _aged(log, 1))
    return 0


def rotate_open(log: Path) -> None:
    """The same for a log that a running child appends to: it is copied and emptied. What the child writes in between is
    lost. :raises OSError: there is no space for the copy."""
    if not log.exists() or log.stat().st_size < ROTATE_AT_BYTES:
        return
    _make_room(log)
    copy = _aged(log, 1)
    with log.open("rb") as source, open_private(copy) as target:
        shutil.copyfileobj(source, target)
    os.truncate(log, 0)


def _make_room(log: Path) -> None:
    for age in range(KEPT - 1, 0, -1):
        older = _aged(log, age)
        if older.exists():
            os.replace(older, _aged(log, age + 1))


def tail(log: Path, began: int) -> str:
    """The last `TAIL_LINES` lines written since byte `began`."""
    with log.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        file.seek(max(began, end - TAIL_BYTES))
        lines = file.read().decode(errors="replace").splitlines()
    return "\n".join(lines[-TAIL_LINES:])


def _aged(log: Path, age: int) -> Path:
    return log.with_name(f"{log.name}.{age}")
