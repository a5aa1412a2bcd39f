"""Files that only this user can read: secrets, and what runs."""

import os
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Writes a file atomically that only this user can read. :raises OSError: it cannot be written."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)
