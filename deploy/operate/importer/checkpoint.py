"""Checkpoints of imports: a JSON file for each imported file, replaced after every batch."""

import hashlib
import os
from pathlib import Path

import msgspec

from deploy.operate.importer.line_reader import Position


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Position and counts of an import.

    ``offset`` counts bytes after decompression and ``digest`` is the hash of these bytes: a file that begins with them
    has only grown. ``reject_bytes`` is the length of the file of rejected lines, ``size`` the size of a completely
    imported file in bytes (0 before that, and while its last line is unfinished).

    Versions up to 0.2 stored the hash of the first ``head_bytes`` bytes as ``head`` in its place, and derived ids of
    events from their line's number; ``numbered`` is the number of lines that such a version has imported.
    """

    file: str
    digest: str = ""
    head: str = ""
    head_bytes: int = 0
    numbered: int = 0
    offset: int = 0
    line: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    reject_bytes: int = 0
    size: int = 0

    @property
    def read(self) -> int:
        """Number of events read."""
        return self.accepted + self.duplicates + self.rejected

    @property
    def position(self) -> Position:
        """How far the file is imported."""
        return Position(self.offset, self.line, self.digest)

    def from_start(self) -> "Checkpoint":
        """The checkpoint of the same file before its first line."""
        return Checkpoint(file=self.file, numbered=self.numbered)


def load(folder: Path, path: Path) -> Checkpoint:
    """The checkpoint of an earlier import of this file, and that before its first line when there is none."""
    try:
        found = msgspec.json.decode(_file_of(folder, path).read_bytes(), type=Checkpoint)
    except (FileNotFoundError, msgspec.DecodeError):
        return Checkpoint(file=str(path))
    if not found.head_bytes or found.digest:
        return found
    if _digest(_read_head(path, found.head_bytes)) != found.head:
        return Checkpoint(file=str(path))
    return msgspec.structs.replace(found, head="", head_bytes=0, numbered=found.line)


def save(folder: Path, reached: Checkpoint) -> None:
    """Writes the checkpoint atomically."""
    file = _file_of(folder, Path(reached.file))
    folder.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.write_bytes(msgspec.json.encode(reached))
    os.replace(part, file)


def _file_of(folder: Path, path: Path) -> Path:
    return folder / f"{path.name}.{_digest(str(path).encode())}.json"


def _read_head(path: Path, length: int) -> bytes:
    with path.open("rb") as file:
        return file.read(length)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
