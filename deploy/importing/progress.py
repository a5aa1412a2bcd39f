"""How far each file has been imported: one small file beside the stack's data, replaced after every batch."""

import hashlib
import os
from pathlib import Path

import msgspec

HEAD_BYTES = 65_536


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """Counts and place of an import. ``head`` is the hash of the file's first ``head_bytes`` bytes: another head is
    another file; a file that only grew goes on where it stopped. ``reject_bytes`` is the reject file's length."""

    file: str
    head: str
    head_bytes: int
    offset: int = 0
    line: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    reject_bytes: int = 0
    size: int = 0

    @property
    def read(self) -> int:
        return self.accepted + self.duplicates + self.rejected


def begin(path: Path) -> Progress:
    """An import of the file from its start."""
    head = _read_head(path, HEAD_BYTES)
    return Progress(file=str(path), head=_digest(head), head_bytes=len(head))


def recall(store: Path, path: Path) -> Progress | None:
    """The earlier import of this very file, if there was one."""
    try:
        known = msgspec.json.decode(_place(store, path).read_bytes(), type=Progress)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
    head = _read_head(path, known.head_bytes)
    return known if len(head) == known.head_bytes and _digest(head) == known.head else None


def keep(store: Path, progress: Progress) -> None:
    """Remembers it, in one step."""
    place = _place(store, Path(progress.file))
    store.mkdir(parents=True, exist_ok=True)
    part = place.with_suffix(".part")
    part.write_bytes(msgspec.json.encode(progress))
    os.replace(part, place)


def _place(store: Path, path: Path) -> Path:
    return store / f"{path.name}.{_digest(str(path).encode())}.json"


def _read_head(path: Path, length: int) -> bytes:
    with path.open("rb") as file:
        return file.read(length)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
